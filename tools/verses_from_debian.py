"""Build verses.txt.xz, short Bible verses in English and Spanish, from two of Debian's packages.

    pip install pysword
    python tools/verses_from_debian.py [FILE]

FILE is by default the one that the package ships. The packages are downloaded with apt-get, checked
and unpacked into a temporary folder, without root; pysword reads them. The result is the same, byte
for byte, whenever this is run. Afterwards, write the SHA-256 sum that this prints into the module
`verses`.
"""

import hashlib
import lzma
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "src/torchbook/data/sets/verses/verses.txt.xz"
PACKAGES = {  # name and version: SHA-256, and the module in it
    "sword-text-web=426.0-1": (
        "930b23670b352f0829a306501de4bebb5e654a2df02cde2cbe86b802177868e1",
        "engWEB2015eb",
    ),
    "sword-text-sparv=2.60-1": (
        "5c87f9b2bc97457e8a872f5bae7ea7ce59cb3de1dcee73e4d4740451863694cf",
        "spaRV1909eb",
    ),
}
LONGEST = 16  # words in either language
BOOKS = {"Exodus": "valid", "John": "test"}  # all others are for training


def words_of(markup: str) -> str:
    """Return a verse's words in small letters, without notes, titles and punctuation."""
    text = re.sub(r"<(note|title)\b.*?</\1>", " ", markup, flags=re.S)
    text = re.sub(r"<[^>]*>", " ", text)
    return " ".join(re.findall(r"[^\W\d_]+(?:’[^\W\d_]+)?", text.lower()))


def open_module(package: str, folder: Path) -> Any:
    """Download a package, check it, unpack it, and open the text in it."""
    from pysword.modules import SwordModules

    folder.mkdir()
    sha256, module = PACKAGES[package]
    subprocess.run(["apt-get", "-qq", "download", package], cwd=folder, check=True)
    [file] = folder.glob("*.deb")
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{file.name} has the SHA-256 {found}, but {sha256} was expected")
    subprocess.run(["dpkg-deb", "-x", file.name, "unpacked"], cwd=folder, check=True)
    modules = SwordModules(str(folder / "unpacked/usr/share/sword"))
    modules.parse_modules()
    return modules.get_bible_from_module(module)


def chapters(text: Any) -> dict[str, list[int]]:
    """Return for each book how many verses its chapters have."""
    testaments = text.get_structure().get_books().values()
    return {book.name: book.chapter_lengths for books in testaments for book in books}


def lines_of(english: Any, spanish: Any) -> list[str]:
    """Return a line for each verse that is short in both languages, by book, chapter and verse."""
    lines = []
    lengths = chapters(english)
    for book, verses in chapters(spanish).items():
        for chapter, n in enumerate(verses, start=1):
            for verse in range(1, min(n, lengths[book][chapter - 1]) + 1):
                place = (book, [chapter], [verse])
                pair = [words_of(t.get(*place, clean=False)) for t in (english, spanish)]
                if all(1 < len(text.split()) <= LONGEST for text in pair):
                    split = BOOKS.get(book, "train")
                    lines.append("\t".join([split, f"{book} {chapter}:{verse}", *pair]) + "\n")
    return lines


def main() -> None:
    """Download the packages and write the file."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    with tempfile.TemporaryDirectory() as temporary:
        texts = [open_module(name, Path(temporary, str(i))) for i, name in enumerate(PACKAGES)]
        lines = lines_of(*texts)
    content = lzma.compress("".join(lines).encode(), preset=9)
    file.write_bytes(content)
    print(f"{file}: {len(lines):,} verses, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
