"""Link the first use of each term in a chapter to its entry in the glossary.

What the entry says, book/static/terms.js shows on a card: it takes it from the glossary's page.

What counts as a term, and how it may be spelt, is said by the glossary alone: each line of an entry
is a spelling; regular plurals are known. Its front matter can name spellings that are too common,
or too often meant otherwise, to be linked: `torchbook: {unlinked: [head, step]}`. In a chapter's
front matter the same setting names terms that mean something else on that page.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from fnmatch import fnmatch

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from torchbook_site.notes import notes

logger = logging.getLogger(__name__)

# Paragraphs in these are no running text, and neither are these pieces of a paragraph.
NO_TEXT = (nodes.caption, nodes.legend, nodes.table, nodes.topic, addnodes.glossary)
NO_WORDS = (nodes.reference, nodes.literal, nodes.math, nodes.raw, nodes.title, addnodes.index)


@dataclass(frozen=True)
class Entry:
    """An entry of a glossary: where it is, and how its term is spelt."""

    page: str
    anchor: str
    spellings: tuple[str, ...]


class Linker:
    """Finds terms in text.

    Args:
        entries: the glossary.
        unlinked: spellings to pass over.
    """

    def __init__(self, entries: list[Entry], unlinked: set[str]) -> None:
        self.entries: dict[str, Entry] = {}
        for form in (str, plural):
            for entry in entries:
                for spelling in entry.spellings:
                    if spelling not in unlinked:
                        self.entries.setdefault(form(spelling), entry)
        longest_first = sorted(self.entries, key=len, reverse=True)
        self.pattern = re.compile(
            rf"(?<![\w-])(?:{'|'.join(map(_either_case, longest_first))})(?![\w-])"
        )

    def first_uses(self, text: str, done: set[Entry]) -> list[tuple[int, int, Entry]]:
        """Return start, end and entry of each term that is not done yet, and note it as done."""
        found = []
        for match in self.pattern.finditer(text):
            entry = self._entry(" ".join(match[0].split()))
            if entry not in done:
                done.add(entry)
                found.append((match.start(), match.end(), entry))
        return found

    def _entry(self, words: str) -> Entry:
        return self.entries.get(words) or self.entries[words[0].lower() + words[1:]]


def plural(term: str) -> str:
    """Return the regular plural of a term."""
    if re.search(r"[^aeiou]y$", term):
        return term[:-1] + "ies"
    return term + ("es" if re.search(r"(s|x|z|ch|sh)$", term) else "s")


def _either_case(spelling: str) -> str:
    """Return a pattern: a small first letter may be a capital, a space may be a line's end."""
    words = r"\s+".join(map(re.escape, spelling.split()))
    first = spelling[0]
    return f"[{first}{first.upper()}]{words[1:]}" if first.islower() else words


def collect_terms(app: Sphinx, doctree: nodes.document) -> None:
    """Remember the entries of a glossary, and what it does not want to have linked."""
    page, entries = app.env.docname, []
    for glossary in doctree.findall(addnodes.glossary):
        for item in glossary.findall(nodes.definition_list_item):
            terms = [child for child in item.children if isinstance(child, nodes.term)]
            spellings = tuple(term.astext() for term in terms)
            entries.append(Entry(page, terms[0]["ids"][0], spellings))
    if not entries:
        return
    notes(app.env, "glossary")[page] = (entries, _unlinked(app.env, page, entries))


def _unlinked(env: BuildEnvironment, page: str, entries: list[Entry]) -> set[str]:
    """Return the spellings that a page's front matter does not want to have linked."""
    unlinked = set(json.loads(env.metadata[page].get("torchbook", "{}")).get("unlinked", ()))
    known = {spelling for entry in entries for spelling in entry.spellings}
    for unknown in sorted(unlinked - known):
        logger.warning(
            "%r is not to be linked, but is no term of the glossary",
            unknown,
            location=(page, 1),
            type="torchbook",
            subtype="glossary",
        )
    return unlinked & known


def _in_scope(app: Sphinx, page: str) -> bool:
    return any(fnmatch(page, pattern) for pattern in app.config.torchbook_glossary_links_in)


def pages_to_link(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the pages with links, if the glossary is not the one that they were written with."""
    std = env.get_domain("std")
    for kind, name in list(std.objects):  # `[](classification)` means the label, not the term
        if kind == "term" and name in std.anonlabels:
            del std.objects[kind, name]  # the role `term` still finds it
    glossaries = sorted(
        (page, entries, sorted(unlinked))
        for page, (entries, unlinked) in notes(env, "glossary").items()
    )
    digest = hashlib.sha256(repr(glossaries).encode()).hexdigest()
    if digest == getattr(env, "torchbook_glossary_digest", None):
        return []
    env.torchbook_glossary_digest = digest
    return sorted(page for page in env.found_docs if _in_scope(app, page))


def link_first_uses(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the first use of each term on a page."""
    glossaries = notes(app.env, "glossary")
    if not glossaries or not _in_scope(app, docname):
        return
    entries = [entry for page in sorted(glossaries) for entry in glossaries[page][0]]
    linker = getattr(app, "torchbook_linker", None)
    if linker is None:  # once a build: pages are written after all have been read
        unlinked = set().union(*(unlinked for _, unlinked in glossaries.values()))
        linker = app.torchbook_linker = Linker(entries, unlinked)
    anchors = {
        node.get("refuri", "").partition("#")[2] for node in doctree.findall(nodes.reference)
    }
    meant_otherwise = _unlinked(app.env, docname, entries)
    done = {e for e in entries if e.anchor in anchors or meant_otherwise.intersection(e.spellings)}
    for paragraph in list(doctree.findall(nodes.paragraph)):
        if not _is_running_text(paragraph):
            continue
        _join_texts(paragraph)
        for text in list(paragraph.findall(nodes.Text)):
            if not _within(text, NO_WORDS, paragraph):
                _link(app, docname, text, linker.first_uses(text.astext(), done))


def _join_texts(element: nodes.Element) -> None:
    """Make one text of several in a row, as the lines of a paragraph are: a term may span two."""
    children: list[nodes.Node] = []
    for child in element.children:
        if isinstance(child, nodes.Text) and children and isinstance(children[-1], nodes.Text):
            children[-1] = nodes.Text(children[-1].astext() + child.astext())
        else:
            children.append(child)
        if isinstance(child, nodes.Element):
            _join_texts(child)
    element.children = []
    element.extend(children)


def _is_running_text(paragraph: nodes.paragraph) -> bool:
    node = paragraph
    while node is not None:
        if isinstance(node, NO_TEXT) or "tb-strip" in node.get("classes", ()):
            return False
        if node.get("nb_element"):  # what a cell prints
            return False
        node = node.parent
    return True


def _within(node: nodes.Node, kinds: tuple[type, ...], end: nodes.Node) -> bool:
    while node is not end:
        if isinstance(node, kinds):
            return True
        node = node.parent
    return False


def _link(app: Sphinx, docname: str, node: nodes.Text, uses: list[tuple[int, int, Entry]]) -> None:
    if not uses:
        return
    text, position, pieces = node.astext(), 0, []
    for start, end, entry in uses:
        uri = f"{app.builder.get_relative_uri(docname, entry.page)}#{entry.anchor}"
        pieces.append(nodes.Text(text[position:start]))
        pieces.append(
            nodes.reference(
                "",
                text[start:end],
                refuri=uri,
                internal=True,
                classes=["tb-gloss"],
            )
        )
        position = end
    pieces.append(nodes.Text(text[position:]))
    node.parent.replace(node, [piece for piece in pieces if piece.astext()])


class Chapter(SphinxRole):
    """The role `chapter`: `06` becomes a link to chapter 06, or plain words if there is none."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Leave a link to the page whose file name begins with the number."""
        words = f"chapter {self.text}"
        pages = [p for p in self.env.found_docs if p.rpartition("/")[2].startswith(f"{self.text}_")]
        pages = [page for page in pages if _in_scope(self.env.app, page)]
        if not pages:
            return [nodes.Text(words)], []
        link = addnodes.pending_xref(
            "", refdomain="std", reftype="doc", reftarget=f"/{pages[0]}", refexplicit=True
        )
        link["refwarn"], link["refdoc"] = True, self.env.docname
        link += nodes.inline(text=words)
        return [link], []


def glossaries_to_read(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Read the glossary again when there are new chapters, which it may name."""
    return sorted(notes(env, "glossary").keys() & env.found_docs) if added or removed else []
