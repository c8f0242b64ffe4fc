"""The mails and word vectors are those the book was written with, without what is personal."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import torch

from torchbook.data import load_mail, load_word_vectors
from torchbook.data.download import DataCorruptError
from torchbook.data.sets import mail, word_vectors

ROOT = Path(__file__).parents[1]


def test_the_mails_are_there_the_oldest_first():
    mails = load_mail()
    assert len(mails) == 4750
    assert Counter(m.kind for m in mails) == {"person": 2993, "spam": 1544, "newsletter": 213}
    assert set(mail.KINDS) == {m.kind for m in mails}
    days = [m.day for m in mails]
    assert days == sorted(days)
    assert all(re.fullmatch(r"200[12]-\d\d-\d\d", day) for day in days)
    assert {m.group for m in mails} == {
        "easy-ham-1",
        "easy-ham-2",
        "hard-ham-1",
        "spam-1",
        "spam-2",
    }


def test_the_texts_are_short_and_have_no_addresses():
    for m in load_mail():
        assert 20 <= len(m.text) <= 2000
        assert not re.search(r"[\w.]@\w+\.\w|https?://", m.text), m.text
        if m.kind != "spam":
            assert not re.search(r"(?<![\w/+])\d{7}(?![\w/+])", m.text), m.text
        assert not re.search(r"^(From|To|Cc|Received|Message-ID): ", m.text, re.MULTILINE)


def test_common_words_have_vectors():
    words, vectors = load_word_vectors()
    assert len(words) == len(set(words)) == 8000
    assert vectors.shape == (8000, 50)
    assert vectors.dtype == torch.float32
    assert words[:3] == ["the", "of", "to"]
    unit = torch.nn.functional.normalize(vectors, dim=1)
    place = {word: i for i, word in enumerate(words)}
    assert words[(unit @ unit[place["monday"]]).topk(2).indices[1]] in ("tuesday", "thursday")


@pytest.mark.parametrize(("module", "load"), [(mail, load_mail), (word_vectors, load_word_vectors)])
def test_an_altered_file_is_refused(module, load, monkeypatch, tmp_path):
    other = tmp_path / module.FILE.name
    other.write_bytes(module.FILE.read_bytes()[:-1] + b"!")
    monkeypatch.setattr(module, "FILE", other)
    with pytest.raises(DataCorruptError, match="not the expected file"):
        load()


def test_the_licences_go_with_them_and_they_are_small():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    folder = mail.FILE.parent
    for name in ("LICENSE.CC0", "LICENSE.PDDL", "NOTICE.txt"):
        assert f"src/torchbook/data/sets/texts/{name}" in project["license-files"]
        assert (folder / name).stat().st_size > 1000
    assert {"CC0-1.0", "PDDL-1.0"} <= set(project["license"].split(" AND "))
    assert sum(file.stat().st_size for file in folder.iterdir()) < 2_500_000
