"""The verses are shipped as they were prepared, and books don't leak."""

import pytest
import verses_from_debian as script

from torchbook.data import load_verses
from torchbook.data.download import DataCorruptError
from torchbook.data.sets import verses


def test_verses_are_short_and_in_two_languages():
    splits = load_verses()
    assert [len(split) for split in splits] == [6_982, 209, 241]
    for verse in (verse for split in splits for verse in split):
        for text in (verse.english, verse.spanish):
            assert 2 <= len(text.split()) <= 16
            assert text == script.words_of(text)
    assert {verse.place: verse for verse in splits[2]}["John 11:35"].spanish == "y lloró jesús"


def test_no_book_is_in_two_splits():
    books = [{verse.place.rpartition(" ")[0] for verse in split} for split in load_verses()]
    assert books[1:] == [{"Exodus"}, {"John"}]
    assert not books[0] & {"Exodus", "John"}


def test_notes_titles_and_punctuation_go():
    markup = "<title>Psalm</title><w>God</w><note>or <w>gods</w></note><w>didn’t</w>, ¡<w>OH</w> 3!"
    assert script.words_of(markup) == "god didn’t oh"


def test_another_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(verses, "FILE", tmp_path / "verses.txt.xz")
    with pytest.raises(DataCorruptError, match="is missing"):
        load_verses()
