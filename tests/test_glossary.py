"""The glossary's own form: what its cards show, and how it is ordered."""

import re

import pytest
import yaml
from small_book import ROOT

SOURCE = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
LETTERS = re.findall(r"^## ([A-Z])\n\n```\{glossary\}\n(.*?)^```$", SOURCE, re.M | re.S)
ENTRIES = {
    tuple(lines[0].splitlines()): lines[1].strip()
    for _, body in LETTERS
    for lines in re.findall(r"((?:^\S[^\n]*\n)+)((?:^    [^\n]*\n)+)", body, re.M)
}


def test_there_are_enough_and_each_is_there_once():
    assert len(ENTRIES) >= 90
    spellings = [spelling.lower() for entry in ENTRIES for spelling in entry]
    assert len(spellings) == len(set(spellings))


def test_it_is_in_alphabetical_order():
    assert [letter for letter, _ in LETTERS] == sorted(letter for letter, _ in LETTERS)
    first_spellings = [entry[0].lower().replace("-", " ") for entry in ENTRIES]
    assert first_spellings == sorted(first_spellings)
    for letter, body in LETTERS:
        entries = re.findall(r"((?:^\S[^\n]*\n)+)(?=^    )", body, re.M)
        assert all(entry[0].upper() == letter for entry in entries)


def test_what_is_not_linked_is_a_term():
    front_matter = yaml.safe_load(SOURCE.split("---\n")[1])
    unlinked = front_matter["torchbook"]["unlinked"]
    assert unlinked == sorted(unlinked)
    assert set(unlinked) < {spelling for entry in ENTRIES for spelling in entry}


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_first_sentence_is_short_enough_for_a_card(entry):
    sentence = re.match(r".+?[.!?](?=\s|$)", ENTRIES[entry])[0]
    assert 20 <= len(sentence) <= 170, len(sentence)
    assert "](" not in sentence  # a card has no links but the one to the glossary
