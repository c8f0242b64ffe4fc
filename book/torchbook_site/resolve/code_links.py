"""Names in code lead to their documentation: PyTorch's, torchvision's, or the book's reference.

A cell is read, not run: what its names mean follows from the imports of the page so far. A name
is linked if it stands in documented.toml or on a page of the reference; nothing else is asked.

The links in a cell are for the mouse. By keyboard they would be dozens of stops between two
paragraphs, so tab passes them by; a folded list at the end of the page has them all.
"""

from __future__ import annotations

import ast
import functools
import re
import tomllib
from collections.abc import Callable, Iterator
from html import escape
from itertools import product
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.writers.html5 import HTML5Translator

LANGUAGES = {"ipython3", "ipython", "python", "python3"}
USUAL = {"torch": "torch", "nn": "torch.nn", "torchvision": "torchvision", "torchbook": "torchbook"}
# Inline code that is a name, or a call of one.
INLINE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\(.*\))?", re.S)
PIECE = re.compile(r"(?P<tag><[^>]*>)|&#?\w+;|.", re.S)
OPENING, CLOSING = re.compile(r"<span[^>]*>$"), re.compile(r"</span>")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
NAMED = (*FUNCTIONS[:2], ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
SCOPES = (*FUNCTIONS, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

# Where a name begins and ends in the code, its full name, and whether it stands in an import.
Link = tuple[int, int, str, bool]


@functools.cache
def read_documented() -> tuple[dict[str, str], dict[str, str]]:
    """Return the addresses of documented names, and of modules, by their full name."""
    path = Path(__file__).with_name("documented.toml")
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    names = {
        f"{group['module']}.{name}": group["address"].format(name, module=group["module"])
        for group in table["group"]
        for name in group["names"].split()
    }
    return names, table["modules"]


class Reference:
    """Says where names are documented, seen from one page."""

    def __init__(self, app: Sphinx, docname: str) -> None:
        self.names, self.modules = read_documented()
        self.app = app
        self.docname = docname
        self.ours = app.env.domaindata["py"]["objects"]

    def address(self, name: str) -> str | None:
        """Return the address of a full name's documentation, or None."""
        entry = self.ours.get(name)
        if entry is None or entry.objtype == "module":
            return self.names.get(name)
        page = self.app.builder.get_relative_uri(self.docname, entry.docname)
        return f"{page}#{entry.node_id}"

    def full_name(self, name: str) -> str | None:
        """Return what a name without its module means on a page of the reference."""
        # A class is also known, as an alias, by the module that defines it.
        there = [n for n, e in self.ours.items() if n.endswith(f".{name}") and not e.aliased]
        here = [n for n in there if self.ours[n].docname == self.docname]
        found = here if here else there
        return found[0] if len(found) == 1 else None

    @property
    def is_reference(self) -> bool:
        """Whether this page documents names of the package."""
        return any(entry.docname == self.docname for entry in self.ours.values())


def parse(code: str) -> ast.Module | None:
    """Return the syntax tree of a cell without its magics, or None where there is no reading it."""
    lines = [
        re.sub(r"\S.*", "pass", line) if line.lstrip().startswith(("%", "!", "?")) else line
        for line in code.split("\n")
    ]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):
        return None


def walk(tree: ast.AST, into: Callable[[ast.AST], bool]) -> Iterator[ast.AST]:
    """Yield the nodes of a tree, but not those inside of nodes that are not to be gone into."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if into(node):
            yield from walk(node, into)


def bound_names(found: Iterator[ast.AST]) -> set[str]:
    """Return the names to which some nodes give a meaning otherwise than by an import."""
    names: set[str | None] = set()
    for node in found:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.MatchMapping):
            names.add(node.rest)
        elif isinstance(
            node,
            NAMED,
        ):
            names.add(node.name)
    return names - {None}


def imported_names(found: Iterator[ast.AST]) -> dict[str, str]:
    """Return what imports among some nodes bind: the full name of each name."""
    names = {}
    for node in found:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                names[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def links_of(code: str, imports: dict[str, str], reference: Reference) -> list[Link]:
    """Return the names in a cell that are documented, and follow its imports.

    Args:
        code: the cell.
        imports: what the page's names mean before the cell, by its imports; changed to what they
            mean after it.
        reference: says what is documented.
    """
    tree = parse(code)
    if tree is None:
        return []
    lines = code.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def place(row: int, column: int) -> int:
        """Return the place of a character; `ast` counts lines from 1, and columns in bytes."""
        return starts[row - 1] + len(lines[row - 1].encode()[:column].decode())

    def everywhere(node: ast.AST) -> bool:
        return True

    def outermost(node: ast.AST) -> bool:
        return not isinstance(node, SCOPES)

    here = imports | imported_names(walk(tree, everywhere))
    for name in bound_names(walk(tree, everywhere)):  # in a function or not: better no link
        here.pop(name, None)
    links: list[Link] = []
    done: set[ast.AST] = set()  # the inner parts of a dotted name
    for node in walk(tree, everywhere):
        if isinstance(node, ast.Import | ast.ImportFrom):
            base = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                name = base + alias.name
                if reference.address(name) or name in reference.modules:
                    begin = place(alias.lineno, alias.col_offset)
                    links.append((begin, begin + len(alias.name), name, True))
        elif isinstance(node, ast.Name | ast.Attribute) and node not in done:
            chain = [node]  # of a.b.c: a.b.c, a.b, a
            while isinstance(chain[-1], ast.Attribute):
                chain.append(chain[-1].value)
            done.update(chain)
            root = chain[-1]
            if not isinstance(root, ast.Name) or root.id not in here:
                continue
            parts = [here[root.id], *(part.attr for part in reversed(chain[:-1]))]
            for n_left_out, part in enumerate(chain):
                name = ".".join(parts[: len(parts) - n_left_out])
                if isinstance(part.ctx, ast.Load) and reference.address(name):
                    begin = place(part.lineno, part.col_offset)
                    end = place(part.end_lineno, part.end_col_offset)
                    if part.lineno == part.end_lineno:
                        links.append((begin, end, name, False))
                    break
    for name in (bound := bound_names(walk(tree, outermost))):
        imports.pop(name, None)
    after = imported_names(walk(tree, outermost))
    imports.update({name: full for name, full in after.items() if name not in bound})
    return sorted(links)


def insert_links(html: str, code: str, links: list[tuple[int, int, str]]) -> str:
    """Put links into highlighted code; what a reader sees and copies stays the same.

    Args:
        html: the code as Pygments marks it up.
        code: the code itself.
        links: where each begins and ends in the code, and its address.
    """
    begin, end = re.search(r"<pre[^>]*>", html).end(), html.rindex("</pre>")
    spots = [m.span() for m in PIECE.finditer(html, begin, end) if not m["tag"]]
    skipped = len(code) - len(code.lstrip("\n"))  # Pygments drops empty lines at the start
    if len(spots) < len(code.strip("\n")):
        return html
    for first, last, address in sorted(links, reverse=True):
        first -= code[:first].endswith("@")  # Pygments marks up a decorator together with its @
        left, right = spots[first - skipped][0], spots[last - skipped - 1][1]
        lefts, rights = [left], [right]
        if opening := OPENING.search(html, begin, left):
            lefts.insert(0, opening.start())
        if closing := CLOSING.match(html, right):
            rights.insert(0, closing.end())
        for left, right in product(lefts, rights):
            if _is_balanced(html[left:right]):
                link = f'<a tabindex="-1" href="{escape(address)}">{html[left:right]}</a>'
                html = html[:left] + link + html[right:]
                break
    return html


def _is_balanced(html: str) -> bool:
    depth = 0
    for tag in re.findall(r"</?span", html):
        depth += 1 if tag == "<span" else -1
        if depth < 0:
            return False
    return depth == 0


def link_names(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the names in a page's cells and inline code, and list those of the cells."""
    reference = Reference(app, docname)
    imports: dict[str, str] = {}
    names: dict[str, str] = {}
    for block in doctree.findall(nodes.literal_block):
        if block.get("language") not in LANGUAGES or block.rawsource != block.astext():
            continue
        block["torchbook_links"] = []
        for begin, end, name, is_import in links_of(block.rawsource, imports, reference):
            if name not in names and (not is_import or name in reference.modules):
                # Once on a page, to keep it light: where a name is first used.
                names[name] = reference.address(name) or reference.modules[name]
                block["torchbook_links"].append((begin, end, names[name]))
    _link_inline(doctree, USUAL | imports, reference)
    if names and not reference.is_reference:
        next(doctree.findall(nodes.section)).append(nodes.raw("", _listing(names), format="html"))


def _link_inline(doctree: nodes.document, imports: dict[str, str], reference: Reference) -> None:
    seen = set()
    for literal in list(doctree.findall(nodes.literal)):
        match = INLINE.fullmatch(literal.astext())
        if not match or _is_taken(literal):
            continue
        root, _, rest = match[1].partition(".")
        name = ".".join(filter(None, [imports.get(root, root), rest]))
        address = reference.address(name)
        if address is None and reference.is_reference:
            name = reference.full_name(match[1])
            address = name and reference.address(name)
        if address and name not in seen:
            seen.add(name)
            inside = "://" not in address
            link = nodes.reference("", "", refuri=address, internal=inside, classes=["tb-name"])
            literal.replace_self(link)
            link += literal


def _is_taken(node: nodes.Node) -> bool:
    """Return whether a node is part of a link, a heading or a signature."""
    kinds = (nodes.reference, nodes.title, addnodes.desc_signature, addnodes.pending_xref)
    while node := node.parent:
        if isinstance(node, kinds):
            return True
    return False


def _listing(names: dict[str, str]) -> str:
    items = "".join(
        f'<li><a href="{escape(address)}"><code>{name}</code></a></li>'
        for name, address in sorted(names.items(), key=lambda item: item[0].lower())
    )
    return (
        '<details class="tb-names"><summary>The documentation of what the code on this page uses'
        f"</summary><ul>{items}</ul></details>"
    )


def visit_code(self: HTML5Translator, node: nodes.literal_block) -> None:
    """Write a block of code with its links."""
    start = len(self.body)
    try:
        type(self).visit_literal_block(self, node)
    except nodes.SkipNode:
        if links := node.get("torchbook_links"):
            html = "".join(self.body[start:])
            self.body[start:] = [insert_links(html, node.rawsource, links)]
        raise


def depart_code(self: HTML5Translator, node: nodes.literal_block) -> None:
    """Close a block of code."""
    type(self).depart_literal_block(self, node)


def resolve_type(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """Resolve the types in signatures: ours by their last name, PyTorch's; others stay text.

    A name of the package that is not documented remains a fault.
    """
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    reference = Reference(app, node["refdoc"])
    name = target
    if target.partition(".")[0] == app.config.torchbook_package or "." not in target:
        name = reference.full_name(target.rpartition(".")[2]) or target
    # `torch.optim.optimizer.Optimizer`, as the class calls itself, is `torch.optim.Optimizer`.
    public = re.sub(r"\.(?:optimizer|modules\.\w+|_tensor|parameter|dataset)\.", ".", name)
    address = reference.address(name) or reference.address(public)
    if content.astext() == target:  # `torch.nn.modules.module.Module` says no more than `Module`
        text = nodes.Text(target.rpartition(".")[2])
        content = text if isinstance(content, nodes.Text) else type(content)("", "", text)
    if address:
        return nodes.reference("", "", content, refuri=address, internal="://" not in address)
    return None if target.startswith(f"{app.config.torchbook_package}.") else content
