"""Names in cells lead to their documentation, and the cells stay as they were."""

import importlib
import re
from html import unescape
from pathlib import Path

import pytest
import tb_code_links
from small_book import SmallBook, cell

ROOT = Path(__file__).parents[1]
NAMES, MODULES = tb_code_links.read_documented(ROOT / "book" / "extensions" / "documented.toml")
STABLE = "https://docs.pytorch.org/docs/stable"


class Everywhere:
    """A reference that knows PyTorch's names only."""

    modules = MODULES
    address = staticmethod(NAMES.get)


def found(code, imports=None):
    links = tb_code_links.links_of(code, {} if imports is None else imports, Everywhere)
    return [(code[begin:end], name) for begin, end, name, _ in links]


def test_every_documented_name_exists():
    for name in NAMES:
        module, _, last = name.rpartition(".")
        assert hasattr(importlib.import_module(module), last), name
    for name in MODULES:
        assert importlib.import_module(name)


def test_names_are_followed_through_the_imports_of_a_page():
    imports = {}
    assert found("import torch\nfrom torch import nn", imports) == [("nn", "torch.nn")]
    assert found("nn.Linear(1, 2)", imports) == [("nn.Linear", "torch.nn.Linear")]
    code = "x = torch.rand(2).sum()  # é\n'é', nn.functional.relu(x), torch.Tensor.sum"
    assert found(code, imports) == [
        ("torch.rand", "torch.rand"),
        ("nn.functional.relu", "torch.nn.functional.relu"),
        ("torch.Tensor", "torch.Tensor"),
    ]
    code = (
        "import torch.nn.functional as F\nfrom torch.utils.data import DataLoader as L\nL, F.relu"
    )
    assert found(code) == [
        ("torch.nn.functional", "torch.nn.functional"),
        ("DataLoader", "torch.utils.data.DataLoader"),
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
    assert found(code, {"nn": "torch.nn"}) == []


def test_a_name_of_ones_own_is_forgotten_only_where_it_hides_the_import():
    imports = {"nn": "torch.nn"}
    found("def f(nn):\n    return nn", imports)
    assert imports == {"nn": "torch.nn"}
    found("nn = 3", imports)
    assert imports == {}
    assert found("from torch import nn\nnn.ReLU()", imports)[1] == ("nn.ReLU", "torch.nn.ReLU")


def test_magics_do_not_hide_the_rest():
    assert found("%timeit x\n!ls\nimport torch\ntorch.ones(1)")[0][0] == "torch.ones"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.page("index", "A sentence.")
    book.page("linked", "Inline `nn.Linear(2, 1)` and `mine.Linear`, `nn.Linear`.\n\n" + CELLS)
    build = book.build()
    assert build.ok, build.output
    return book


FIRST = "\nimport torch\nfrom torch import nn\n\nnn.Linear(1, 2), nn.Linear(3, 4);"
SECOND = "@torch.no_grad()\ndef f(a, b=1 < 2):\n    return torch.\\\n        rand(1)\n\n"
BROKEN = ":tags: [raises-exception]\nnn.ReLU("
CELLS = cell(FIRST) + "\n" + cell(SECOND) + "\n" + cell(BROKEN) + "\n" + cell("%time 1 + 1")


def cells_of(html):
    return re.findall(r'cell_input.*?<div class="highlight"><pre>(.*?)</pre>', html, re.S)


def test_the_page_has_the_links(book):
    first, second, *_ = cells_of(book.html("linked"))
    linear = f'<a tabindex="-1" href="{STABLE}/generated/torch.nn.Linear.html">'
    assert first.count(linear) == 1
    assert re.sub(r"<[^>]+>", "", first[first.index(linear) :]).startswith("nn.Linear(1, 2)")
    assert f'href="{STABLE}/nn.html"' in first
    assert f'href="{STABLE}/generated/torch.no_grad.html"' in second


def test_what_is_copied_stays_as_it_was(book):
    texts = [unescape(re.sub(r"<[^>]+>", "", c)).strip() for c in cells_of(book.html("linked"))]
    assert texts == [FIRST.strip(), SECOND.strip(), "nn.ReLU(", "%time 1 + 1"]


def test_inline_code_and_the_list_at_the_end(book):
    html = book.html("linked")
    assert html.count('class="tb-name ') == 1
    names = re.search(r'<details class="tb-names">.*?</details>', html, re.S)[0]
    assert re.findall(r"<code>(.*?)</code>", names) == [
        "torch.nn",
        "torch.nn.Linear",
        "torch.no_grad",
    ]
    assert "tabindex" not in names
