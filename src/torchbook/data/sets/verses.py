"""Short verses of the Bible in English and Spanish, shipped with the package.

Source: the World English Bible and the Reina-Valera of 1909, both in the public domain, as Debian's
packages `sword-text-web` 426.0-1 and `sword-text-sparv` 2.60-1 have them. What was changed and left
out is in the folder `verses` beside this file.
"""

import lzma
from pathlib import Path
from typing import NamedTuple

from torchbook.data.download import verify_files

FILE = Path(__file__).parent / "verses" / "verses.txt.xz"
SHA256 = "524c166d783ac37f1e39a16f2f52cacb0507df29fb475fb4ebb6a78271a8cd75"


class Verse(NamedTuple):
    """A verse in two languages: small letters, no punctuation.

    Attributes:
        place: book, chapter and verse, such as "John 11:35".
        english: up to 16 words.
        spanish: up to 16 words.
    """

    place: str
    english: str
    spanish: str


def load_verses() -> tuple[list[Verse], list[Verse], list[Verse]]:
    """Load short Bible verses: to learn from, to compare on, and unseen.

    Returns:
        Three lists, in the order of the books: training, validation (Exodus) and test (John). No
        book is in two of them.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    verify_files(FILE.parent, {FILE.name: SHA256})
    splits: dict[str, list[Verse]] = {"train": [], "valid": [], "test": []}
    for line in lzma.decompress(FILE.read_bytes()).decode().splitlines():
        split, place, english, spanish = line.split("\t")
        splits[split].append(Verse(place, english, spanish))
    return splits["train"], splits["valid"], splits["test"]
