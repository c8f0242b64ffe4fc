"""A byte-pair tokenizer: texts to whole numbers and back, without loss.

Chapter 14 writes one by hand; this is the same with an index of which piece holds which pair, so
that learning needn't look at every piece for every merge.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

# A word with the space before it, other signs with the space before them, or white space. Bytes
# from 128 on are parts of letters that ASCII doesn't have. Every byte belongs to one of the three.
PIECE = re.compile(rb" ?[\w\x80-\xff]+| ?[^\w\s\x80-\xff]+|\s+")

Pair = tuple[int, int]


class BytePairTokenizer:
    """Turn texts into tokens and tokens into texts.

    Tokens 0 to 255 are single bytes, so no text is ever unknown. Each token after those stands for
    two earlier ones that were often neighbours in the texts it was learned from.

    Args:
        merges: the pairs of tokens that became a new one, in the order in which they did.

    Raises:
        ValueError: a pair names a token that doesn't exist yet.
    """

    def __init__(self, merges: Sequence[Pair] = ()) -> None:
        self.merges: dict[Pair, int] = {}
        self.bytes_of = [bytes([value]) for value in range(256)]
        for left, right in merges:
            if not (0 <= left < len(self) and 0 <= right < len(self)):
                raise ValueError(f"merge {(left, right)} names a token that doesn't exist yet")
            self.merges[left, right] = len(self)
            self.bytes_of.append(self.bytes_of[left] + self.bytes_of[right])
        self._known: dict[bytes, list[int]] = {}

    def __len__(self) -> int:
        return len(self.bytes_of)

    @classmethod
    def learn(cls, texts: Iterable[str | bytes], n_tokens: int) -> "BytePairTokenizer":
        """Learn tokens from texts: again and again, the commonest pair becomes a token.

        Args:
            texts: what to learn from.
            n_tokens: how many tokens there should be, at least 256. There are fewer if the texts
                have no pair left. If two pairs are equally common, the one with the larger numbers
                goes first.

        Raises:
            ValueError: `n_tokens` is below 256.
        """
        if n_tokens < 256:
            raise ValueError(f"n_tokens must be at least 256, one for each byte, but is {n_tokens}")
        counts: Counter[bytes] = Counter()
        for text in texts:
            counts.update(PIECE.findall(to_bytes(text)))
        pieces = {piece: list(piece) for piece in counts}
        pairs: Counter[Pair] = Counter()
        holders: defaultdict[Pair, set[bytes]] = defaultdict(set)
        for piece, ids in pieces.items():
            for pair in pairwise(ids):
                pairs[pair] += counts[piece]
                holders[pair].add(piece)
        merges: list[Pair] = []
        while len(merges) < n_tokens - 256 and pairs:
            best = max(pairs, key=lambda pair: (pairs[pair], pair))
            new = 256 + len(merges)
            merges.append(best)
            for piece in holders.pop(best):
                before, after = pieces[piece], merge(pieces[piece], best, new)
                for pair in pairwise(before):
                    pairs[pair] -= counts[piece]
                    if pairs[pair] == 0:
                        del pairs[pair]
                for pair in pairwise(after):
                    pairs[pair] += counts[piece]
                    holders[pair].add(piece)
                pieces[piece] = after
        return cls(merges)

    def encode(self, text: str | bytes) -> list[int]:
        """Return the tokens of a text."""
        tokens: list[int] = []
        for piece in PIECE.findall(to_bytes(text)):
            if piece not in self._known:
                self._known[piece] = self._encode_piece(piece)
            tokens.extend(self._known[piece])
        return tokens

    def _encode_piece(self, piece: bytes) -> list[int]:
        ids = list(piece)
        while len(ids) > 1:
            pairs = pairwise(ids)
            first = min(pairs, key=lambda pair: self.merges.get(pair, len(self)))
            if first not in self.merges:
                break
            ids = merge(ids, first, self.merges[first])
        return ids

    def decode_bytes(self, tokens: Iterable[int]) -> bytes:
        """Return the bytes that the tokens stand for."""
        return b"".join(self.bytes_of[token] for token in tokens)

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text that the tokens stand for.

        Tokens that don't make a text, such as half a letter, become the sign � for what's missing.
        """
        content = self.decode_bytes(tokens)
        try:
            return content.decode("utf-8", errors="surrogatepass")
        except UnicodeDecodeError:
            return content.decode("utf-8", errors="replace")


def merge(ids: list[int], pair: Pair, new: int) -> list[int]:
    """Return the tokens with each occurrence of a pair replaced, from the left."""
    merged, place = [], 0
    while place < len(ids):
        if tuple(ids[place : place + 2]) == pair:
            merged.append(new)
            place += 2
        else:
            merged.append(ids[place])
            place += 1
    return merged


def to_bytes(text: str | bytes) -> bytes:
    """Return a text as UTF-8; halves of surrogate pairs, which aren't text, pass as they are."""
    return text if isinstance(text, bytes) else text.encode("utf-8", errors="surrogatepass")
