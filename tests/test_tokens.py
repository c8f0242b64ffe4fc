"""The tokenizer loses nothing, whatever the text, and learns what the one of chapter 14 learns."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torchbook.data import BytePairTokenizer
from torchbook.data.tokens import PIECE, merge

SAMPLE = ["the cat sat on the mat", "that thin hat", "naïve 🐟 fish\n\n\tin a dish", "the the the"]
LEARNED = BytePairTokenizer.learn(SAMPLE, 300)


def learn_slowly(texts, n_merges):
    """Return the merges, each found by counting all pairs again."""
    counts = Counter(piece for text in texts for piece in PIECE.findall(text.encode()))
    pieces, merges = {piece: list(piece) for piece in counts}, []
    for new in range(256, 256 + n_merges):
        pairs = Counter()
        for piece, ids in pieces.items():
            for pair in pairwise(ids):
                pairs[pair] += counts[piece]
        if not pairs:
            break
        merges.append(max(pairs, key=lambda pair: (pairs[pair], pair)))
        pieces = {piece: merge(ids, merges[-1], new) for piece, ids in pieces.items()}
    return merges


@given(st.binary(max_size=200))
def test_any_bytes_come_back(content):
    tokens = LEARNED.encode(content)
    assert LEARNED.decode_bytes(tokens) == content
    assert all(0 <= token < len(LEARNED) for token in tokens)


@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_comes_back_even_half_a_pair_of_surrogates(text):
    assert LEARNED.decode(LEARNED.encode(text)) == text


@given(st.binary(max_size=60))
def test_each_byte_is_in_one_piece(content):
    assert b"".join(PIECE.findall(content)) == content


@settings(max_examples=50)
@given(st.lists(st.text("ab c\n", max_size=30), max_size=8), st.integers(0, 12))
def test_the_index_changes_nothing(texts, n_merges):
    fast = BytePairTokenizer.learn(texts, 256 + n_merges)
    assert list(fast.merges) == learn_slowly(texts, n_merges)


def test_common_words_become_one_token():
    assert LEARNED.bytes_of[LEARNED.encode("the")[-1]] == b"the"
    assert len(LEARNED.encode(" the the the")) == 3
    assert len(LEARNED.encode("zzz")) == 3


def test_without_texts_every_token_is_a_byte():
    plain = BytePairTokenizer.learn([], 1000)
    assert len(plain) == 256
    assert plain.encode("hé") == list("hé".encode())


def test_it_can_be_made_from_merges_again():
    again = BytePairTokenizer(list(LEARNED.merges))
    assert again.bytes_of == LEARNED.bytes_of
    assert again.encode(SAMPLE[0]) == LEARNED.encode(SAMPLE[0])


def test_half_a_letter_is_shown_as_such():
    assert BytePairTokenizer().decode([195]) == "\ufffd"


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="at least 256"):
        BytePairTokenizer.learn(SAMPLE, 255)
    with pytest.raises(ValueError, match="doesn't exist yet"):
        BytePairTokenizer([(256, 1)])
