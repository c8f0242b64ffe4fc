"""Spoken words: digits by 85 synthetic voices and two people, and three sets to compare with.

- "synthetic": the digits from zero to nine in 85 voices of the synthesiser eSpeak NG.
- "human": the same ten digits by two people, Allison Smith and David C. Dawson.
- "pairs": the numbers from 0 to 20 by five people in four languages, and by synthetic voices.
- "tones": Mandarin syllables in the tones 1 to 4, each by the same two people.

Sources and licences are in speech/NOTICE.txt. Made by tools/spoken_words.py.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from torchbook.data.download import verify_files
from torchbook.data.sets.adpcm import decode

FOLDER = Path(__file__).parent / "speech"
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SHA256 = {
    "synthetic": "cdc76885c6ff783a70aa077ff5932990e7ca40fd01433a9f470f8cef4233e619",
    "human": "f93d2890113041c7162385cc4ee7b44903dac9573f2ae6e4e84242a34aa37347",
    "pairs": "167181ba0096158904328f0f337414f459462d0ef601c8f4f26b3905317fa544",
    "tones": "d16a8547e5805c5ba67724659f598a6a1a78da871b75f024e356e371614eee06",
}
NAMES = {
    "synthetic": DIGITS,
    "human": DIGITS,
    "pairs": ["human", "synthetic"],
    "tones": ["high", "rising", "low", "falling"],
}
RATES = {"synthetic": 8000, "human": 8000, "pairs": 8000, "tones": 4000}


@dataclass(frozen=True)
class Clips:
    """Short recordings.

    Attributes:
        sounds: shape [clips, rate], one second each, from -1 to 1, with zeros after the end.
        lengths: how many samples each sound has, shape [clips].
        labels: which label each has, as a place in `names`, shape [clips].
        speakers: who speaks, as a number from 0, shape [clips].
        names: the labels' names.
        rate: samples per second.
    """

    sounds: Tensor
    lengths: Tensor
    labels: Tensor
    speakers: Tensor
    names: list[str]
    rate: int


def load_spoken_words(name: str = "synthetic") -> Clips:
    """Load short recordings of spoken words.

    Args:
        name: "synthetic" (850 digits), "human" (20 digits), "pairs" (210 numbers by people and
            synthesisers; `speakers` numbers the person, and the voices beside each) or "tones"
            (800 Mandarin syllables at 4,000 samples per second).

    Raises:
        ValueError: there is no such set.
        DataCorruptError: its file is not the expected one.
    """
    if name not in SHA256:
        raise ValueError(f"name must be one of {', '.join(SHA256)}, but is {name!r}")
    rate = RATES[name]
    file = FOLDER / f"{name}.npz"
    verify_files(FOLDER, {file.name: SHA256[name]})
    arrays = np.load(file)
    lengths = arrays["lengths"].astype(np.int64)
    decoded = torch.from_numpy(decode(arrays["codes"], lengths))
    sounds = torch.zeros(len(lengths), rate)
    sounds[:, : decoded.shape[1]] = decoded
    return Clips(
        sounds=sounds,
        lengths=torch.from_numpy(lengths),
        labels=torch.from_numpy(arrays["labels"].astype(np.int64)),
        speakers=torch.from_numpy(arrays["speakers"].astype(np.int64)),
        names=list(NAMES[name]),
        rate=rate,
    )
