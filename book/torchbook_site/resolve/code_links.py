"""Names in code lead to their documentation: PyTorch's, torchvision's, or the book's reference.

A cell is read, not run: what its names mean follows from the imports of the page so far. A name
is linked if it is in one of intersphinx's inventories or on a page of the reference.

The links in a cell are for the mouse. By keyboard they would be dozens of stops between two
paragraphs, so tab passes them by; a folded list at the end of the page has them all.
"""

from __future__ import annotations

import ast
import re
import symtable
from html import escape

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.intersphinx import InventoryAdapter

from torchbook_site.resolve.questions import choice

LANGUAGES = {"ipython3", "ipython", "python", "python3"}
USUAL = {"torch": "torch", "nn": "torch.nn", "torchvision": "torchvision", "torchbook": "torchbook"}
# Inline code that is a name, or a call of one.
INLINE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\(.*\))?", re.S)

# PyTorch documents these together with their type.
CONSTANTS = {
    "torch.dtype": "bfloat16 bool complex64 float float16 float32 float64 half int int8 int16 int32"
    " int64 long uint8",
    "torch.memory_format": "channels_last contiguous_format",
}

# A name in a cell: its line and column, as it stands there, its full name, and the address.
Link = tuple[int, int, str, str, str]


class Documented:
    """Where names and modules are documented, seen from a page: addresses by full names."""

    def __init__(self, app: Sphinx, docname: str) -> None:
        self.names: dict[str, str] = {}
        self.modules: dict[str, str] = {}
        for kind, entries in InventoryAdapter(app.env).main_inventory.items():
            found = self.modules if kind == "py:module" else self.names
            found.update({name: address for name, (_, _, address, _) in entries.items()})
        for kind, constants in CONSTANTS.items():
            self.names.update({f"torch.{name}": self.names[kind] for name in constants.split()})
        self.ours = app.env.get_domain("py").objects
        for name, entry in self.ours.items():
            page = app.builder.get_relative_uri(docname, entry.docname)
            self.names[name] = f"{page}#{entry.node_id}"
        self.here = [name for name, entry in self.ours.items() if entry.docname == docname]

    def full_name(self, name: str) -> str:
        """Return what a name without its module means on a page of the reference."""
        # A class is also known, as an alias, by the module that defines it.
        found = [n for n, e in self.ours.items() if n.endswith(f".{name}") and not e.aliased]
        found = [n for n in found if n in self.here] or found
        return found[0] if len(found) == 1 else name


def links_in(code: str, imports: dict[str, str], documented: Documented) -> list[Link]:
    """Return the names in a cell that come from imports and are documented.

    Args:
        code: the cell.
        imports: what the page's names mean before the cell, by its imports; changed to what they
            mean after it.
        documented: what is documented where.
    """
    code = re.sub(r"^([ \t]*)[%!?].*", r"\1pass", code, flags=re.M)  # magics
    try:
        tree, scope = ast.parse(code), symtable.symtable(code, "cell", "exec")
    except SyntaxError:
        return []
    lines = code.split("\n")

    def place_of(node: ast.expr | ast.alias) -> tuple[int, int]:
        before = lines[node.lineno - 1].encode()[: node.col_offset]  # it counts bytes
        return node.lineno, len(before.decode())

    found: dict[tuple[int, int], Link] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                full, root = module + alias.name, alias.name.partition(".")[0]
                imports[alias.asname or root] = full if alias.asname or module else root
                if address := documented.modules.get(full):
                    place = place_of(alias)
                    found[place] = (*place, alias.name, full, address)
    for name in _bound_names(scope):  # from here on it may be something else: better no link
        imports.pop(name, None)
    for node in ast.walk(tree):  # from outside to inside: the whole of a dotted name is first
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            name = ast.unparse(node)
            root, dot, rest = name.partition(".")
            full = imports.get(root, "") + dot + rest
            if full in documented.names:
                place = place_of(node)
                found.setdefault(place, (*place, name, full, documented.names[full]))
    return sorted(found.values())


def _bound_names(scope: symtable.SymbolTable) -> set[str]:
    """Return the names that get a meaning other than by an import, in functions too."""
    symbols = [symbol for symbol in scope.get_symbols() if not symbol.is_imported()]
    names = {s.get_name() for s in symbols if s.is_assigned() or s.is_parameter()}
    return names.union(*map(_bound_names, scope.get_children()))


def link_names(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the names in a page's cells and inline code, and list those of the cells."""
    documented = Documented(app, docname)
    imports: dict[str, str] = {}
    linked: dict[str, str] = {}
    for block in doctree.findall(nodes.literal_block):
        if block.get("language") in LANGUAGES and block.rawsource == block.astext():
            # Once on a page, to keep it light: where a name is first used.
            links = block.setdefault("highlight_args", {})["links"] = []
            for link in links_in(block.rawsource.lstrip("\n"), imports, documented):
                *_, name, address = link
                if name not in linked:
                    linked[name] = address
                    links.append(link)
    _link_inline(doctree, USUAL | imports, documented)
    if linked and not documented.here:
        next(doctree.findall(nodes.section)).append(nodes.raw("", _listing(linked), format="html"))


def _link_inline(doctree: nodes.document, imports: dict[str, str], documented: Documented) -> None:
    holders = doctree.findall(lambda node: isinstance(node, nodes.reference | nodes.title | choice))
    taken = {literal for holder in holders for literal in holder.findall(nodes.literal)}
    seen = set()
    for literal in [node for node in doctree.findall(nodes.literal) if node not in taken]:
        if match := INLINE.fullmatch(literal.astext()):
            root, dot, rest = match[1].partition(".")
            name = imports.get(root, root) + dot + rest
            if documented.here and name not in documented.names:
                name = documented.full_name(match[1])
            if name in documented.names and name not in seen:
                seen.add(name)
                link = nodes.reference("", "", literal.deepcopy(), classes=["tb-name"])
                link["refuri"] = documented.names[name]
                link["internal"] = "://" not in link["refuri"]
                literal.replace_self(link)


def _listing(names: dict[str, str]) -> str:
    items = "".join(
        f'<li><a href="{escape(address)}"><code>{name}</code></a></li>'
        for name, address in sorted(names.items(), key=lambda item: item[0].lower())
    )
    summary = "The documentation of what the code on this page uses"
    return f'<details class="tb-names"><summary>{summary}</summary><ul>{items}</ul></details>'


def use_public_name(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> None:
    """Let intersphinx look for `torch.nn.Module`, not for `torch.nn.modules.module.Module`.

    A type in a signature has the name of the module that defines it.
    """
    *modules, name = node["reftarget"].split(".")
    known = InventoryAdapter(env).main_inventory["py:class"]
    names = (".".join([*modules[:n], name]) for n in range(len(modules), 0, -1))
    node["reftarget"] = next((name for name in names if name in known), node["reftarget"])
