"""How the package is laid out: imports point one way, and go round in no circle."""

import ast
import graphlib

import pytest
from small_book import ROOT

SOURCE = ROOT / "src"
# What each part may import, besides what belongs to itself.
BELOW = {
    "device": set(),
    "metrics": set(),
    "plots": {"data"},
    "data": {"device"},
    "models": {"data"},
    "training": {"device", "metrics"},
    "apps": {"data", "device", "metrics", "models", "training"},
    "book": {"data", "device", "metrics", "models", "plots", "training"},
}
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (SOURCE / "torchbook").rglob("*.py")
}


def imports(module):
    """Return the package's modules that a module imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else node.module for name in full}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & MODULES.keys() - {module}


def test_no_imports_go_round_in_a_circle():
    graph = {module: imports(module) for module in MODULES}
    assert graph["torchbook.training.trainer"]  # imports are found
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError


@pytest.mark.parametrize("part", BELOW)
def test_a_part_imports_only_from_below(part):
    for module in MODULES:
        if module.split(".")[1:2] == [part]:
            others = {name.split(".")[1] for name in imports(module) if "." in name}
            assert others - {part} <= BELOW[part], module
