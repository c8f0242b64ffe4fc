"""Names in cells lead to their documentation, and the cells stay as they were."""

import importlib
import posixpath
import re
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest
from small_book import SmallBook, cell
from sphinx.util.inventory import InventoryFile
from torchbook_site.resolve.code_links import CONSTANTS, links_in

ROOT = Path(__file__).parents[1]

STABLE = "https://docs.pytorch.org/docs/stable"
DOCUMENTED = SimpleNamespace(names={}, modules={})
for inventory in sorted((ROOT / "book" / "inventories").glob("*.inv")):
    with inventory.open("rb") as file:
        for kind, entries in InventoryFile.load(file, STABLE, posixpath.join).items():
            found = DOCUMENTED.modules if kind == "py:module" else DOCUMENTED.names
            found.update({name: address for name, (_, _, address, _) in entries.items()})


def linked(code, imports=None):
    links = links_in(code, {} if imports is None else imports, DOCUMENTED)
    return [(name, full) for _, _, name, full, _ in links]


def test_every_documented_name_exists():
    constants = [f"torch.{name}" for names in CONSTANTS.values() for name in names.split()]
    assert "torch.nn.Linear" in DOCUMENTED.names
    for name in [*DOCUMENTED.names, *CONSTANTS, *constants]:
        module, _, last = name.rpartition(".")
        assert hasattr(importlib.import_module(module), last), name
    for name in DOCUMENTED.modules:
        assert importlib.import_module(name)


def test_names_are_followed_through_the_imports_of_a_page():
    imports = {}
    assert linked("import torch\nfrom torch import nn", imports) == [("nn", "torch.nn")]
    assert linked("nn.Linear(1, 2)", imports) == [("nn.Linear", "torch.nn.Linear")]
    code = "x = torch.rand(2).sum()  # é\n'é', nn.functional.relu(x), torch.Tensor.sum"
    assert linked(code, imports) == [
        ("torch.rand", "torch.rand"),
        ("nn.functional.relu", "torch.nn.functional.relu"),
        ("torch.Tensor", "torch.Tensor"),
    ]
    code = (
        "import torch.nn.functional as F\nfrom torch.utils.data import DataLoader as L\nL, F.relu"
    )
    assert linked(code) == [
        ("torch.nn.functional", "torch.nn.functional"),
        ("L", "torch.utils.data.DataLoader"),
        ("F.relu", "torch.nn.functional.relu"),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "nn = 3\nnn.Linear",
        "def f(nn):\n    return nn.Linear",
        "[nn.Linear for nn in models]",
        "class nn: pass\nnn.Linear",
        "try: pass\nexcept E as nn: nn.Linear",
        "model.nn.Linear",
        "f().nn.Linear",
        "nn.Linear(",  # no Python
        "nn.Invented",
        "'nn.Linear'  # nn.Linear",
    ],
)
def test_what_means_something_else_is_not_linked(code):
    assert linked(code, {"nn": "torch.nn"}) == []


def test_a_name_of_ones_own_is_forgotten_until_it_is_imported_again():
    imports = {"nn": "torch.nn"}
    assert linked("nn = 3", imports) == linked("nn.ReLU()", imports) == []
    assert linked("from torch import nn\nnn.ReLU()", imports)[1] == ("nn.ReLU", "torch.nn.ReLU")


def test_magics_do_not_hide_the_rest():
    assert linked("%timeit x\n!ls\nimport torch\ntorch.ones(1)")[0][0] == "torch.ones"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.page("index", "A sentence.")
    book.page("linked", "Inline `nn.Linear(2, 1)` and `mine.Linear`, `nn.Linear`.\n\n" + CELLS)
    book.write("src/little/__init__.py", PACKAGE)
    book.page("api", "```{eval-rst}\n.. autofunction:: little.train\n```")
    build = book.build()
    assert build.ok, build.output
    return book


PACKAGE = '''"""A package."""
from collections.abc import Callable
from torch import nn, optim
from torch.utils.data import Dataset

def train(model: nn.Module, optimizer: optim.Optimizer, data: Dataset, step: Callable) -> None:
    """Train a model."""
'''
FIRST = "\nimport torch\nfrom torch import nn\n\nnn.Linear(1, 2), nn.Linear(3, 4);"
SECOND = "@torch.no_grad()\ndef f(a, b=1 < 2):\n    return torch.\\\n        rand(1)\n\n"
THIRD = "from torch.nn import ReLU\n\ndict(a=nn.modules.ReLU, ReLU=ReLU);"
BROKEN = ":tags: [raises-exception]\nnn.ReLU("
CELLS = "\n".join(map(cell, [FIRST, SECOND, THIRD, BROKEN, "%time 1 + 1"]))


def cells_of(html):
    return re.findall(r'cell_input.*?<div class="highlight"><pre>(.*?)</pre>', html, re.S)


def test_the_page_has_the_links(book):
    first, second, third, *_ = cells_of(book.html("linked"))
    linear = f'<a tabindex="-1" href="{STABLE}/generated/torch.nn.Linear.html#torch.nn.Linear">'
    assert first.count(linear) == 1
    assert re.sub(r"<[^>]+>", "", first[first.index(linear) :]).startswith("nn.Linear(1, 2)")
    assert f'href="{STABLE}/nn.html#module-torch.nn"' in first
    assert f'href="{STABLE}/generated/torch.no_grad.html#torch.no_grad"' in second
    links = re.sub(r"</?a\b[^>]*>", "|", re.sub(r"</?span[^>]*>|<wbr>", "", third))
    assert links.strip() == THIRD.replace("=ReLU", "=|ReLU|")


def test_what_is_copied_stays_as_it_was(book):
    texts = [unescape(re.sub(r"<[^>]+>", "", c)).strip() for c in cells_of(book.html("linked"))]
    assert texts == [FIRST.strip(), SECOND.strip(), THIRD, "nn.ReLU(", "%time 1 + 1"]


def test_inline_code_and_the_list_at_the_end(book):
    html = book.html("linked")
    assert html.count('class="tb-name ') == 1
    names = re.search(r'<details class="tb-names">.*?</details>', html, re.S)[0]
    assert re.findall(r"<code>(.*?)</code>", names) == [
        "torch.nn",
        "torch.nn.Linear",
        "torch.nn.ReLU",
        "torch.no_grad",
        "torch.rand",  # only here: in the cell it stands on two lines
    ]
    assert "tabindex" not in names


def test_types_in_the_reference_lead_to_their_documentation(book):
    html = book.html("api")
    links = dict(re.findall(r'href="([^"]*)"[^>]*>(?:<[^>]*>)*(\w+)<', html))
    assert links[f"{STABLE}/generated/torch.nn.Module.html#torch.nn.Module"] == "Module"
    assert links[f"{STABLE}/optim.html#torch.optim.Optimizer"] == "Optimizer"
    assert links[f"{STABLE}/data.html#torch.utils.data.Dataset"] == "Dataset"


def test_a_name_of_ours_that_is_not_documented_is_a_fault(book):
    book.page("typed", "```{eval-rst}\n.. py:function:: f(a: torchbook.Lost, b: other.Lost)\n```")
    build = book.build()
    assert not build.ok
    assert "torchbook.Lost" in build.output
    assert "other.Lost" not in build.output
