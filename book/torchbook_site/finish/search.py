"""The search index: Pagefind makes it of the pages' records, in pieces that load as needed."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from fnmatch import fnmatch
from html import escape
from pathlib import Path
from typing import Any

from pagefind_bin import get_executable

from torchbook_site.finish.site import Site
from torchbook_site.write.search import Record, saved_records, store

FOLDER = "_static/pagefind"
NEEDED = ("pagefind.js", "pagefind-entry.json", "*.pf_meta", "wasm.en.pagefind")  # less its own UI

# What a page is for, and how much its text counts: the first pattern that fits.
KINDS = (
    ("chapters/*", "Chapter", 1.0),
    ("book/errors", "Error", 1.0),
    ("book/glossary", "Glossary", 1.0),
    ("book/cheatsheet", "Recipe", 0.8),
    ("book/solutions*", "Solution", 0.4),
    ("book/api*", "Package", 0.4),
    ("book/figures", "Figures", 0.4),
    ("book/build_report", "Report", 0.2),
    ("*", "Page", 0.8),
)
TITLE, MESSAGE, CODE = 10.0, 4.0, 0.3  # Pagefind's weights go from 0 to 10; plain text has 1
LIFTED = 0.8  # pages that count less are not lifted by their headings

WORD = re.compile(r"(?<!\w)[^\W\d]\w+")


def add_search(site: Site) -> None:
    """Give the site the index, which is made again only if a page or Pagefind has changed."""
    if not site.app.config.torchbook_search:
        return
    pages = saved_records(site.app)
    index = store(site.app) / state_of(pages)
    if not index.is_dir():
        for old in store(site.app).glob("*/"):
            shutil.rmtree(old)
        with tempfile.TemporaryDirectory(dir=store(site.app)) as folder:
            make_index(pages, Path(folder))
            Path(folder, "needed").rename(index)
    for path in index.rglob("*"):
        if path.is_file():
            site.copy(path, f"{FOLDER}/{path.relative_to(index).as_posix()}")


def state_of(pages: dict[str, dict[str, Any]]) -> str:
    """Return a hash of all that the index depends on: the records, this module and Pagefind."""
    version = importlib.metadata.version("pagefind")
    made_of = (json.dumps(pages), Path(__file__).read_text(encoding="utf-8"), version)
    return hashlib.sha256("\n".join(made_of).encode()).hexdigest()


def make_index(pages: dict[str, dict[str, Any]], folder: Path) -> None:
    """Let Pagefind write its index of all records into a folder, `needed`.

    By its command: its Python interface waits a tenth of a second for each record.
    """
    records, made, needed = folder / "records", folder / "made", folder / "needed"
    records.mkdir()
    for docname, page in pages.items():
        kind, weight = next(k[1:] for k in KINDS if fnmatch(docname, k[0]))
        for number, values in enumerate(page["records"]):
            record = Record(**values)
            address = page["address"] + (f"#{record.anchor}" if record.anchor else "")
            html = _html(record, address, page["title"], kind, weight)
            path = records / f"{docname.replace('/', '.')}.{number}.html"
            path.write_text(html, encoding="utf-8")
    options = ["--site", records, "--output-path", made, "--include-characters", "_"]
    subprocess.run([get_executable(), *options, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    needed.mkdir()
    for pattern in (*NEEDED, "index", "fragment"):
        for path in made.glob(pattern):
            shutil.move(path, needed / path.name)
    (needed / "words.txt").write_text(words_of(pages), encoding="utf-8")


def _html(record: Record, address: str, page: str, kind: str, weight: float) -> str:
    """Return a record as Pagefind reads it."""

    def part(tag: str, text: str, weight: float) -> str:
        return f'<{tag} data-pagefind-weight="{weight:g}">{escape(text)}</{tag}>' if text else ""

    # Pagefind lifts what has all words in its title: a name of the package must not hide a term.
    heading, name = ("h1", "title") if weight >= LIFTED else ("h2", "name")
    return (
        f'<html lang="en"><body><i data-pagefind-meta="page[title]" title="{escape(page)}"></i>'
        f'<i data-pagefind-meta="address[title]" title="{escape(address)}"></i>'
        f'<i data-pagefind-meta="kind:{kind}"></i>'
        f'<{heading} data-pagefind-meta="{name}" data-pagefind-weight="{TITLE * weight:g}">'
        f"{escape(record.title)}</{heading}>"
        f"{part('p', ' '.join(''.join(record.text).split()), weight)}"
        f"{part('pre', ' '.join(record.messages), MESSAGE)}"
        f"{part('code', ' '.join(record.code), CODE * weight)}</body></html>"
    )


def words_of(pages: dict[str, dict[str, Any]]) -> str:
    """Return all words that can be found: a line for each number of records that have them.

    The lines begin with that number, the largest first.
    """
    counts: Counter[str] = Counter()
    for page in pages.values():
        for record in page["records"]:
            texts = [record["title"], "".join(record["text"]), *record["messages"], *record["code"]]
            counts.update({word for text in texts for word in WORD.findall(text.lower())})
    lines: dict[int, list[str]] = {}
    for word in sorted(counts):
        count = counts[word]  # large ones are only compared: to the nearest ten they weigh less
        lines.setdefault(count if count < 30 else round(count, -1), []).append(word)
    return "\n".join(f"{count} {' '.join(lines[count])}" for count in sorted(lines, reverse=True))
