"""The search: an index of the resolved pages, made by Pagefind in pieces, loaded as needed.

What is found is a section, a term of the glossary, or a name of the package: each is a record of
its own, so that a short entry is not drowned by the long page that it stands on. The records come
from the resolved pages, not from their HTML: navigation, drawings and what cells print stay out.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatch
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from pagefind_bin import get_executable
from sphinx import addnodes
from sphinx.application import Sphinx

FOLDER = "_static/pagefind"
NEEDED = ("pagefind.js", "pagefind-entry.json", "*.pf_meta", "wasm.en.pagefind")  # less its own UI
LEFTOVERS = ("_static/searchtools.js", "_static/language_data.js", "searchindex.js")  # Sphinx's own

# What a page is for, and how much its text counts: the first pattern that fits.
KINDS = (
    ("chapters/*", "Chapter", 1.0),
    ("book/errors", "Error", 1.0),
    ("book/glossary", "Glossary", 1.0),
    ("book/cheatsheet", "Recipe", 0.8),
    ("book/solutions*", "Solution", 0.4),
    ("book/api*", "Package", 0.4),
    ("book/build_report", "Report", 0.2),
    ("*", "Page", 0.8),
)
TITLE, MESSAGE, CODE = 10.0, 4.0, 0.3  # Pagefind's weights go from 0 to 10; plain text has 1
LIFTED = 0.8  # pages that count less are not lifted by their headings

NO_WORDS = (
    nodes.raw,
    nodes.math,
    nodes.math_block,
    nodes.image,
    nodes.comment,
    nodes.topic,
    addnodes.index,
    addnodes.toctree,
    addnodes.desc_signature,
)
LAST_LINE = re.compile(r"^(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Warning|Interrupt)\b.*", re.M | re.S)
WORD = re.compile(r"(?<!\w)[^\W\d]\w+")


@dataclass
class Record:
    """Something that can be found.

    Attributes:
        anchor: where it is on its page; empty for the page itself.
        title: its heading.
        text: its running text.
        messages: the error messages that it is about.
        code: the code that it shows.
    """

    anchor: str
    title: str
    text: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)


def records_of(doctree: nodes.document) -> list[Record]:
    """Return what can be found on a resolved page, in its order."""
    records: list[Record] = []
    _walk(doctree, Record("", ""), records)
    return [record for record in records if record.title]


def _walk(node: nodes.Element, record: Record, records: list[Record]) -> None:
    """Add the words of a node to a record; what deserves a record of its own gets one."""
    for child in node.children:
        if isinstance(child, nodes.Text):
            record.text.append(child.astext())
        elif isinstance(child, NO_WORDS) or "tb-strip" in child.get("classes", ()):
            continue
        elif isinstance(child, nodes.section) and (heading := _heading(child)):
            is_page = isinstance(child.parent, nodes.document)
            title = " ".join(heading.astext().split())
            _open(child, Record("" if is_page else child["ids"][0], title), records)
        elif isinstance(child, nodes.title) and isinstance(node, nodes.section):
            continue
        elif isinstance(child, nodes.definition_list_item) and _is_term(child):
            terms = [term for term in child.children if isinstance(term, nodes.term)]
            title = ", ".join(term.astext() for term in terms)
            _open(child[len(terms) :], Record(terms[0]["ids"][0], title), records)
        elif isinstance(child, addnodes.desc) and child[0].get("ids"):
            title = child[0].get("fullname") or child[0]["ids"][0]
            _open(child, Record(child[0]["ids"][0], title), records)
        elif isinstance(child, nodes.literal_block):
            _add_block(child, record)
        elif isinstance(child, nodes.Element):
            _walk(child, record, records)
            if not isinstance(child, nodes.Inline):
                record.text.append("\n")


def _heading(section: nodes.section) -> nodes.title | None:
    return next((child for child in section.children if isinstance(child, nodes.title)), None)


def _open(node: Any, record: Record, records: list[Record]) -> None:
    records.append(record)
    for part in node if isinstance(node, list) else [node]:
        _walk(part, record, records)


def _is_term(item: nodes.definition_list_item) -> bool:
    return isinstance(item[0], nodes.term) and isinstance(item.parent.parent, addnodes.glossary)


def _add_block(block: nodes.literal_block, record: Record) -> None:
    """Add code, or the last line of a traceback; what else a cell prints is nothing to search."""
    text = block.astext()
    if "tb-also" in block.parent.get("classes", ()):
        record.messages.append(text)
    elif "traceback" in block.get("classes", ()):
        record.messages += [match[0] for match in LAST_LINE.finditer(text.rpartition("\n\n")[2])]
    elif not any(c.get("nb_element") == "cell_code_output" for c in _parents(block)):
        record.code.append(text)


def _parents(node: nodes.Node) -> Iterator[nodes.Element]:
    while (node := node.parent) is not None:
        yield node


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


def _store(app: Sphinx) -> Path:
    return Path(app.doctreedir, "torchbook_search")


def _note(
    app: Sphinx,
    pagename: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Remember the records of a page while Sphinx writes it."""
    if doctree is None or app.builder.name != "html" or not app.config.torchbook_search:
        return
    path = _store(app) / f"{pagename.replace('/', '.')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    page = {
        "title": app.env.titles[pagename].astext(),
        "address": app.builder.get_target_uri(pagename),
        "records": [asdict(record) for record in records_of(doctree)],
    }
    path.write_text(json.dumps(page), encoding="utf-8")


def _pages(app: Sphinx) -> dict[str, dict[str, Any]]:
    pages = {}
    for docname in sorted(app.env.found_docs):
        path = _store(app) / f"{docname.replace('/', '.')}.json"
        if path.is_file():
            pages[docname] = json.loads(path.read_text(encoding="utf-8"))
    return pages


def _put_into_site(app: Sphinx, exception: Exception | None) -> None:
    """Make the index, if it is not there or any of its pages has changed."""
    if exception is not None or app.builder.name != "html":
        return
    for name in LEFTOVERS:
        Path(app.outdir, name).unlink(missing_ok=True)
    if not app.config.torchbook_search:
        return
    pages, target, stamp = _pages(app), Path(app.outdir, FOLDER), _store(app) / "made"
    state = hashlib.sha256(json.dumps(pages).encode() + Path(__file__).read_bytes()).hexdigest()
    if target.is_dir() and stamp.is_file() and stamp.read_text() == state:
        return
    with tempfile.TemporaryDirectory() as folder:
        _index(pages, Path(folder))
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for pattern in (*NEEDED, "index", "fragment"):
            for path in Path(folder, "made").glob(pattern):
                shutil.move(path, target / path.name)
    (target / "words.txt").write_text(" ".join(words_of(pages)), encoding="utf-8")
    stamp.write_text(state)


def _index(pages: dict[str, dict[str, Any]], folder: Path) -> None:
    """Let Pagefind write its index of all records into a folder.

    By its command: its Python interface waits a tenth of a second for each record.
    """
    records = folder / "records"
    records.mkdir()
    for docname, page in pages.items():
        kind, weight = next(k[1:] for k in KINDS if fnmatch(docname, k[0]))
        for number, values in enumerate(page["records"]):
            record = Record(**values)
            address = page["address"] + (f"#{record.anchor}" if record.anchor else "")
            html = _html(record, address, page["title"], kind, weight)
            path = records / f"{docname.replace('/', '.')}.{number}.html"
            path.write_text(html, encoding="utf-8")
    options = ["--site", records, "--output-path", folder / "made", "--include-characters", "_"]
    subprocess.run([get_executable(), *options, "--quiet"], check=True, stdout=subprocess.DEVNULL)


def words_of(pages: dict[str, dict[str, Any]]) -> list[str]:
    """Return all words that can be found, the commonest first."""
    counts: Counter[str] = Counter()
    for page in pages.values():
        for record in page["records"]:
            texts = [record["title"], "".join(record["text"]), *record["messages"], *record["code"]]
            counts.update({word for text in texts for word in WORD.findall(text.lower())})
    return sorted(counts, key=lambda word: (-counts[word], word))


def _leave_out_sphinx(app: Sphinx) -> None:
    """Make no index of Sphinx's kind: 0.2 MB that each search would load."""
    app.builder.search = False


def _search_page(app: Sphinx) -> list[tuple[str, dict[str, Any], str]]:
    return [("search", {}, "search.html")] if app.builder.name == "html" else []


def _load_script(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    app.add_js_file("search.js", type="module")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_config_value("torchbook_search", True, "html")
    app.connect("builder-inited", _leave_out_sphinx)
    app.connect("html-page-context", _load_script)
    app.connect("html-page-context", _note)
    app.connect("html-collect-pages", _search_page)
    app.connect("build-finished", _put_into_site, priority=800)  # before the gates look
    return {"version": "1", "env_version": 1, "parallel_read_safe": True}
