"""The recurrent cells: PyTorch's numbers, chapter 15's lines, and training through a step."""

import ast
import inspect
import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from torchbook.models import GRUCell, LSTMCell, Memory, RNNCell, recurrent
from torchbook.training import StepResult, fit

CHAPTER = Path(__file__).parents[1] / "chapters" / "15_recurrent.md"
CLASSES = ["RNNCell", "GRUCell", "LSTMCell", "Memory"]


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def with_weights_of(cell, theirs, layer=""):
    """PyTorch's module with the weights of one of our cells."""
    theirs.load_state_dict(
        {
            f"weight_ih{layer}": cell.from_input.weight,
            f"bias_ih{layer}": cell.from_input.bias,
            f"weight_hh{layer}": cell.from_state.weight,
            f"bias_hh{layer}": cell.from_state.bias,
        }
    )
    return theirs


@pytest.mark.parametrize(("cell_class", "theirs"), [(RNNCell, nn.RNN), (GRUCell, nn.GRU)])
def test_a_sequence_gives_pytorchs_states_and_gradients(cell_class, theirs):
    cell = cell_class(5, 7).double()
    module = with_weights_of(cell, theirs(5, 7, batch_first=True).double(), "_l0")
    ours, reference = torch.randn(2, 3, 11, 5, dtype=torch.double)[:1].repeat(2, 1, 1, 1)
    ours.requires_grad_()
    reference.requires_grad_()

    states, last = Memory(cell, 7)(ours)
    their_states, their_last = module(reference)
    torch.testing.assert_close(states, their_states)
    torch.testing.assert_close(last, their_last[0])

    states.square().sum().backward()
    their_states.square().sum().backward()
    torch.testing.assert_close(ours.grad, reference.grad)
    torch.testing.assert_close(cell.from_state.weight.grad, module.weight_hh_l0.grad)


def test_an_lstm_gives_pytorchs_states():
    cell = LSTMCell(5, 7).double()
    theirs = with_weights_of(cell, nn.LSTMCell(5, 7).double())
    ours = reference = tuple(torch.randn(2, 3, 7, dtype=torch.double))
    for x in torch.randn(11, 3, 5, dtype=torch.double):
        ours, reference = cell(x, *ours), theirs(x, reference)
        torch.testing.assert_close(ours, reference)


def test_a_state_does_not_depend_on_what_comes_later():
    memory = Memory(GRUCell(5, 7), 7)
    x = torch.randn(3, 11, 5)
    changed = x.clone()
    changed[:, 6:] = torch.randn(3, 5, 5)
    states, changed_states = memory(x)[0], memory(changed)[0]
    assert torch.equal(states[:, :6], changed_states[:, :6])
    assert not torch.equal(states[:, 6:], changed_states[:, 6:])


class NextNumber(nn.Module):
    """Guesses each number of a sequence from those before it."""

    def __init__(self, n_ids):
        super().__init__()
        self.embedding = nn.Embedding(n_ids, 8)
        self.memory = Memory(GRUCell(8, 16), 16)
        self.head = nn.Linear(16, n_ids)

    def forward(self, ids):
        return self.head(self.memory(self.embedding(ids))[0])  # [B, T, ids]


def next_number_step(model, ids):
    """Summed over all places but the first, which nothing comes before."""
    logits = model(ids[:, :-1])
    wanted = ids[:, 1:].flatten()
    return StepResult(F.cross_entropy(logits.flatten(0, 1), wanted, reduction="sum"), len(wanted))


def test_it_learns_through_a_step():
    first = torch.randint(0, 5, (64, 1))
    ids = (first + torch.arange(9)) % 5  # they count up from anywhere
    model = NextNumber(5)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    batches = ids.split(16)
    options = {"step": next_number_step, "epochs": 15, "progress": False}
    history = fit(model, batches, batches, optimizer, **options)
    losses = history.column("valid_loss")
    assert losses[0] > 0.5
    assert losses[-1] < 0.1


def program(tree):
    """A class without docstrings and type hints."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body = node.body[1:]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            for argument in node.args.args:
                argument.annotation = None
    return ast.unparse(tree)


@pytest.mark.parametrize("name", CLASSES)
def test_they_are_the_chapters_lines(name):
    text = CHAPTER.read_text(encoding="utf-8")
    (typed,) = re.findall(rf"^(class {name}\(.*?)^```$", text, re.M | re.S)
    packaged = inspect.getsource(getattr(recurrent, name))
    assert program(ast.parse(typed)) == program(ast.parse(packaged))
