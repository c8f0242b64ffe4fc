"""The recordings of chapter 18, and the code that packs them."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch

from torchbook.data import load_spoken_words
from torchbook.data.download import DataCorruptError
from torchbook.data.sets import spoken_words
from torchbook.data.sets.adpcm import decode, encode

SIZES = {"synthetic": 850, "human": 20, "pairs": 210, "tones": 800}


@pytest.mark.parametrize("name", SIZES)
def test_each_set_is_balanced_and_whole(name):
    clips = load_spoken_words(name)
    n = SIZES[name]
    assert clips.sounds.shape == (n, clips.rate)
    assert clips.sounds.dtype == torch.float32
    assert clips.sounds.abs().amax(dim=1).min() > 0.5
    assert clips.sounds.abs().max() <= 1
    counts = clips.labels.bincount()
    assert counts.tolist() == [n // len(clips.names)] * len(clips.names)
    after = torch.arange(clips.rate) >= clips.lengths[:, None]
    assert not clips.sounds[after].any()
    assert clips.lengths.min() > clips.rate // 10


def test_each_synthetic_voice_says_every_digit_once():
    clips = load_spoken_words()
    pairs = set(zip(clips.speakers.tolist(), clips.labels.tolist(), strict=True))
    assert pairs == {(voice, digit) for voice in range(85) for digit in range(10)}


def test_a_name_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="synthetic, human, pairs, tones, but is 'robots'"):
        load_spoken_words("robots")


def test_a_damaged_file_is_noticed(monkeypatch):
    monkeypatch.setitem(spoken_words.SHA256, "human", "0" * 64)
    with pytest.raises(DataCorruptError, match="not the expected file"):
        load_spoken_words("human")


def test_what_is_packed_is_unpacked():
    time = np.arange(4001) / 8000
    low = 0.8 * np.sin(2 * np.pi * 200 * time)
    quiet = 0.1 * np.sin(2 * np.pi * 300 * time[:1000])
    packed = encode([low, quiet])
    assert packed.dtype == np.uint8
    assert len(packed) == 2001 + 500
    sounds = decode(packed, np.array([4001, 1000]))
    for sound, original in zip(sounds, (low, quiet), strict=True):
        error = sound[: len(original)] - original
        assert (error**2).mean() < 0.01 * (original**2).mean()
    assert not sounds[1, 1000:].any()


def test_the_licences_go_with_them_and_they_are_small():
    root = Path(__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    folder = root / "src" / "torchbook" / "data" / "sets" / "speech"
    for name in ("LICENSE.CC-BY-3", "LICENSE.CC-BY-SA-3", "LICENSE.GPL-3", "NOTICE.txt"):
        assert f"src/torchbook/data/sets/speech/{name}" in project["license-files"]
        assert (folder / name).stat().st_size > 1000
    licences = {"GPL-3.0-or-later", "CC-BY-3.0", "CC-BY-SA-3.0"}
    assert licences <= set(project["license"].split(" AND "))
    assert sum(file.stat().st_size for file in folder.iterdir()) < 2_500_000
