"""Checks for the exercises of chapter 15, recurrent networks."""

import math
import random

import numpy as np
import torch
from torch import Tensor, nn

from torchbook.book.exercises.answers import (
    Check,
    Function,
    require,
    require_floats,
    require_function,
    require_number,
    run_answer,
)
from torchbook.data import load_baby_names

LETTERS = ".abcdefghijklmnopqrstuvwxyz"
N_LEARNED, N_EXAM = 22_000, 300
COUNTING_GETS = 2.15  # nats per letter, to beat in the last exercise


def check_1(answer: object) -> None:
    """Check the mean loss of a player who knows how often names end."""
    letter, end = math.log(26 * 7 / 6), math.log(7)
    loss = require_number(answer, "one number of nats")

    def is_near(value: float) -> bool:
        return abs(loss - value) < 0.006

    require(not is_near(-(6 * letter + end) / 7), "A loss is minus the logarithm: never negative.")
    require(not is_near(6 * letter + end), "That's the whole name. Share it among seven letters.")
    require(not is_near((6 * letter + end) / 6), "The final full stop is a letter, too: seven.")
    require(not is_near(letter), "That's what a letter costs. The full stop at the end is cheaper.")
    require(not is_near(math.log(27)), "That player doesn't know how often names end.")
    require(not is_near((6 * letter + end) / 7 / math.log(2)), "Those are bits. Take math.log.")
    require(not is_near((6 * letter + end) / 7 / math.log(10)), "Take the natural logarithm.")
    require(
        is_near((6 * letter + end) / 7),
        "Six letters with a share of 6/7/26 each, one full stop with 1/7: add up what each costs.",
    )


def check_2(answer: object) -> None:
    """Check the pairs of a context and the letter after it."""
    function = require_function(answer)
    for name, n in (("mia", 3), ("christopher", 2), ("al", 5), ("eve", 1)):
        text = "." * n + name + "."
        expected = [(text[i : i + n], text[i + n]) for i in range(len(name) + 1)]
        found = run_answer(function, name, n)
        require(isinstance(found, list | tuple), "Return a list of pairs.")
        require(
            all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in found),
            "Each of the list should be a pair: a context and a letter.",
        )
        pairs = [tuple(pair) for pair in found]
        require(
            all(isinstance(part, str) for pair in pairs for part in pair),
            "Contexts and letters should be text.",
        )
        require(pairs != expected[:-1], "The end is missing: the last letter is a full stop.")
        require(
            pairs != expected[1:], "The first letter has to be predicted, too, from full stops."
        )
        for context, letter in pairs:
            require(
                len(context) == n,
                f"For {name!r} and n = {n} there's a context of {len(context)}: {context!r}. Put "
                f"{n} full stops in front, and take {n} letters.",
            )
            require(len(letter) == 1, f"{letter!r} isn't one letter.")
        require(
            pairs == expected,
            f"For {name!r} and n = {n} it should begin with {expected[:2]}, and have "
            f"{len(expected)} pairs.",
        )


def check_3(answer: object) -> None:
    """Check shares at a temperature."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(15)
    for temperature in (0.5, 2.0, 1.0, 0.3):
        shares = torch.rand(27, generator=generator, dtype=torch.float64)
        shares[[3, 20]] = 0
        shares /= shares.sum()
        kept = shares.clone()
        found = require_floats(run_answer(function, shares, temperature), shape=(27,))
        require(torch.equal(shares, kept), "You changed the shares that you were given.")
        require(not found.isnan().any(), "There's a NaN. What is 0 times the logarithm of 0?")
        power = shares ** (1 / temperature)
        if temperature != 1:
            _check_temperature(found, shares, temperature)
        require(
            bool((found[[3, 20]].abs() < 1e-6).all()),
            "A share of 0 should stay 0, at any temperature.",
        )
        require(
            torch.allclose(found, power / power.sum(), atol=1e-5),
            "Not yet. The logarithms of the shares are logits: divide those, then softmax.",
        )


def _check_temperature(found: Tensor, shares: Tensor, temperature: float) -> None:
    power, inverse = shares ** (1 / temperature), shares**temperature
    require(not torch.allclose(found, power), "They should add up to 1 again.")
    require(not torch.allclose(found, shares), "The temperature changes nothing yet.")
    require(
        not torch.allclose(found, inverse / inverse.sum(), atol=1e-5),
        "Hot and cold are swapped: below 1, large shares should get larger.",
    )
    require(
        not torch.allclose(found, (shares / temperature).softmax(dim=0), atol=1e-5),
        "Shares aren't logits. Their logarithms are.",
    )
    require(
        not torch.allclose(found, shares / temperature),
        "Divide the logits, not the shares: those add up to something else now.",
    )


def check_4(answer: object) -> None:
    """Check the last real state of padded sequences."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(4)
    for lengths in ([3, 1, 5, 2], [6, 4], [7], [2, 2, 1]):
        t = max(lengths) + (len(lengths) > 2)  # at first, even the longest is padded
        states = torch.randn(len(lengths), t, 4, generator=generator, dtype=torch.float64)
        given = torch.tensor(lengths)
        found = require_floats(
            run_answer(function, states.clone(), given.clone()), shape=(len(lengths), 4)
        )
        rows = torch.arange(len(lengths))
        expected = states[rows, given - 1]
        if not torch.allclose(found, expected):
            _check_last(found, states, given)
        require(
            torch.allclose(found, expected),
            "Those aren't the states after the last real letters. For row i, it's the state at "
            "place lengths[i] - 1.",
        )


def _check_last(found: Tensor, states: Tensor, lengths: Tensor) -> None:
    rows = torch.arange(len(lengths))
    require(
        not torch.allclose(found, states[:, -1]),
        "That's the last column: short sequences have padding there.",
    )
    if int(lengths.max()) < states.shape[1]:
        require(
            not torch.allclose(found, states[rows, lengths]),
            "One too far: places count from 0, so after 3 letters it's place 2.",
        )
    require(not torch.allclose(found, states[:, 0]), "That's the first state of each.")
    require(
        not torch.allclose(found, states[:, int(lengths.max()) - 1]),
        "That's the same place for all. Each has a length of its own.",
    )
    require(not torch.allclose(found, states.mean(dim=1)), "That's the mean of all states.")


def check_5(answer: object) -> None:
    """Check a step of a GRU, from the weights of nn.GRUCell."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(5)
    for n_inputs, n_units, batch in ((3, 4, 5), (4, 4, 2), (6, 2, 1)):
        cell = nn.GRUCell(n_inputs, n_units).double()
        with torch.no_grad():
            for parameter in cell.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator).double())
        x = torch.randn(batch, n_inputs, generator=generator).double()
        state = torch.randn(batch, n_units, generator=generator).double().tanh()
        found = require_floats(run_answer(function, x, state, cell), shape=(batch, n_units))
        with torch.no_grad():
            expected = cell(x, state)
        if not torch.allclose(found, expected, atol=1e-5):
            _check_step(found, x, state, cell)
        require(
            torch.allclose(found, expected, atol=1e-5),
            "Not the same as the cell's. The order of the thirds is r, z, candidate; both biases "
            "count; r multiplies the candidate's part of the state, its bias included.",
        )


@torch.no_grad()
def _check_step(found: Tensor, x: Tensor, state: Tensor, cell: nn.GRUCell) -> None:
    x_r, x_z, x_n = (x @ cell.weight_ih.T + cell.bias_ih).chunk(3, dim=1)
    s_r, s_z, s_n = (state @ cell.weight_hh.T + cell.bias_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + s_r), torch.sigmoid(x_z + s_z)
    new = torch.tanh(x_n + r * s_n)
    third = len(cell.bias_hh) // 3 * 2
    reset_first = (r * state) @ cell.weight_hh[third:].T + cell.bias_hh[third:]
    early = torch.tanh(x_n + reset_first)
    swapped = torch.tanh(x_n + z * s_n)
    for wrong, hint in (
        (z * new + (1 - z) * state, "z is how much to keep; you take it as how much to replace."),
        (z * state + (1 - z) * early, "PyTorch multiplies by r after the matrix, not before it."),
        (r * state + (1 - r) * swapped, "r and z are swapped: r comes first in the weights."),
        (z * state + (1 - z) * torch.tanh(x_n + s_n), "What is r for? It's missing."),
        (new, "That's the candidate. How much of the old state stays?"),
    ):
        require(not torch.allclose(found, wrong, atol=1e-5), hint)


def _split() -> tuple[list[str], list[str]]:
    """Return the names to learn and those of the exam, as the chapter deals them."""
    names = load_baby_names()
    random.Random(0).shuffle(names)
    return names[:N_LEARNED], names[N_LEARNED : N_LEARNED + N_EXAM]


def _loss(shares_after: Function, names: list[str]) -> float:
    """Return the mean loss in nats per letter; hints where shares are none."""
    total, n_letters = 0.0, 0
    for name in names:
        for place, letter in enumerate(f"{name}."):
            found = run_answer(shares_after, name[:place])
            if isinstance(found, Tensor):
                found = found.detach().cpu().numpy()
            try:
                shares = np.asarray(found, dtype=np.float64)
            except (TypeError, ValueError):
                shares = np.zeros(0)
            require(shares.shape == (27,), "After each beginning, return 27 shares.")
            require(
                bool(np.isfinite(shares).all()) and bool((shares >= -1e-9).all()),
                "A share can't be negative, infinite or NaN. (Are those logits?)",
            )
            require(
                abs(shares.sum() - 1) < 1e-4,
                f"After {name[:place]!r}, your shares add up to {shares.sum():.3f}, not to 1.",
            )
            share = shares[LETTERS.index(letter)]
            require(
                share > 0,
                f"After {name[:place]!r} you gave {letter!r} a share of 0, and there it was: that "
                "costs infinitely much. Leave a little for everything.",
            )
            total -= math.log(share)
            n_letters += 1
    return total / n_letters


def check_6(answer: object) -> None:
    """Check a model made of counts alone."""
    function = require_function(answer)
    learned, exam = _split()
    shares_after = run_answer(function, list(learned))
    require(callable(shares_after), "Return a function: it gets a beginning, and returns shares.")
    loss = _loss(shares_after, exam)
    require(
        loss < 3.2,
        f"{loss:.2f} nats: no better than guessing. Are the shares in the order of `letters`?",
    )
    require(
        loss < 2.6,
        f"{loss:.2f} nats. That's what you get without looking at the beginning.",
    )
    require(
        loss < 2.4,
        f"{loss:.2f} nats: that's a table of pairs. Look further back.",
    )
    require(
        loss < COUNTING_GETS,
        f"{loss:.2f} nats. Nearly: mix long contexts with short ones, and trust the long ones more "
        "the more often you have seen them.",
    )
    print(f"{loss:.3f} nats per letter on {len(exam)} new names")


CHECKS: dict[str, Check] = {
    "15-1": check_1,
    "15-2": check_2,
    "15-3": check_3,
    "15-4": check_4,
    "15-5": check_5,
    "15-6": check_6,
}
