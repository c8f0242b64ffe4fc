"""The search: an index of the resolved pages, made by Pagefind in pieces, loaded as needed.

What is found is a section, a term of the glossary, or a name of the package: each is a record of
its own, so that a short entry is not drowned by the long page that it stands on. The records come
from the resolved pages, not from their HTML: navigation, drawings and what cells print stay out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

NO_WORDS = (
    nodes.raw,
    nodes.math_block,
    nodes.image,
    nodes.comment,
    nodes.topic,
    addnodes.index,
    addnodes.toctree,
    addnodes.desc_signature,
)
LAST_LINE = re.compile(r"^(?:\w+\.)*[A-Z]\w*(?=:|$).*", re.M | re.S)  # an error's class, a message


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
        elif isinstance(child, nodes.math):
            record.text.append("\N{HORIZONTAL ELLIPSIS}")  # where a formula stands in a sentence
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


def store(app: Sphinx) -> Path:
    """Return the folder that keeps the records of each page from build to build."""
    return Path(app.doctreedir, "torchbook_search")


def save_records(app: Sphinx, pagename: str, doctree: nodes.document) -> None:
    """Keep the records of a page for the index."""
    page: dict[str, Any] = {
        "title": app.env.titles[pagename].astext(),
        "address": app.builder.get_target_uri(pagename),
        "records": [asdict(record) for record in records_of(doctree)],
    }
    path = store(app) / f"{pagename.replace('/', '.')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(page), encoding="utf-8")


def saved_records(app: Sphinx) -> dict[str, dict[str, Any]]:
    """Return the records of all pages, by page."""
    paths = {
        name: store(app) / f"{name.replace('/', '.')}.json" for name in sorted(app.env.found_docs)
    }
    return {
        name: json.loads(path.read_text(encoding="utf-8"))
        for name, path in paths.items()
        if path.is_file()
    }
