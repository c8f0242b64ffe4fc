"""The words and their sounds are shipped as they were prepared, and no form of a word leaks."""

import pronunciations_from_pypi as script
import pytest

from torchbook.data import load_pronunciations
from torchbook.data.download import DataCorruptError
from torchbook.data.sets import pronunciations


def test_words_have_letters_and_sounds():
    splits = load_pronunciations()
    assert [len(words) for words in splits] == [106_552, 3_393, 6_807]
    sounds = {s for words in splits for ways in words.values() for way in ways for s in way}
    assert len(sounds) == 39
    for words in splits:
        assert all(2 <= len(w) <= 15 and w.isascii() and w.isalpha() and w.islower() for w in words)
        assert all(1 <= len(way) <= 15 for ways in words.values() for way in ways)
    assert splits[0]["read"] == [["R", "EH", "D"], ["R", "IY", "D"]]


def test_a_word_and_its_family_are_in_one_split():
    splits = load_pronunciations()
    everything = {word: number for number, words in enumerate(splits) for word in words}
    assert len(everything) == sum(map(len, splits))
    for word, number in everything.items():
        assert all(everything[form] == number for form in script.shorter_forms(word, everything))


@pytest.mark.parametrize(
    ("word", "base"),
    [
        ("walked", "walk"),
        ("stopped", "stop"),
        ("carries", "carry"),
        ("making", "make"),
        ("makings", "make"),
        ("sing", "sing"),
        ("quickly", "quick"),
        ("miss", "miss"),
    ],
)
def test_endings_are_taken_off(word, base):
    assert script.family(word, {"walk", "stop", "carry", "make", "sing", "quick", "miss"}) == base


def test_words_that_could_be_in_two_families_are_left_out_where_they_would_leak(monkeypatch):
    monkeypatch.setattr(script, "deal", {"bas": "test", "base": "train", "tree": "valid"}.get)
    words = {"bas", "base", "bases", "tree", "trees"}
    kept = {"bas": "test", "base": "train", "tree": "valid", "trees": "valid"}
    assert script.split(words) == kept
    monkeypatch.setattr(script, "deal", {"bas": "train", "base": "test"}.get)
    assert script.split(words - {"tree", "trees"}) == {"bas": "train", "bases": "train"}


def test_entries_are_read_without_stress_and_comments():
    lines = ["live L AY1 V", "live(2) L IH1 V # verb", "'tis T IH1 Z", "a AH0", "u.s. Y UW1"]
    lines += ["live(3) L AY2 V", "x" * 16 + " EH1 K S"]
    assert script.read(lines) == {"live": ["L AY V", "L IH V"]}


def test_families_are_dealt_by_their_names():
    dealt = [script.deal(f"word{i}") for i in range(4000)]
    assert dealt == [script.deal(f"word{i}") for i in range(4000)]
    assert 0.02 < dealt.count("valid") / 4000 < 0.04
    assert 0.05 < dealt.count("test") / 4000 < 0.07


def test_another_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pronunciations, "FILE", tmp_path / "pronunciations.txt.xz")
    (tmp_path / "pronunciations.txt.xz").write_bytes(b"something else")
    with pytest.raises(DataCorruptError, match="not the expected file"):
        load_pronunciations()
