"""Checks for the exercises of chapter 17, your own GPT."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchbook.book.exercises.answers import (
    Check,
    require,
    require_floats,
    require_function,
    require_number,
    run_answer,
)
from torchbook.data import load_shakespeare

N_BATCHES, BATCHES_GET = 200, 2.25  # nats per letter, to reach in the last exercise
EXAM_ROWS = 200


def check_1(answer: object) -> None:
    """Check the number of parameters of a block."""
    found = require_number(answer, "one whole number")
    d = 192
    right = 12 * d * d + 13 * d
    for wrong, hint in (
        (12 * d * d, "The biases and the norms are missing."),
        (12 * d * d + 9 * d, "The two norms are missing: a weight and a bias for each number."),
        (12 * d * d + 4 * d, "The biases of the four layers are missing."),
        (12 * d * d + 11 * d, "A norm has two numbers for each of its inputs: weight and bias."),
        (8 * d * d + 5 * d, "That's without attention, or nearly."),
        (10 * d * d + 11 * d, "The layer that makes queries, keys and values is three times wide."),
        (6 * d * d + 10 * d, "Between the two layers that think, there are four times as many."),
        (12 * 64 * 64 + 13 * 64, "That's for a width of 64, as in the chapter."),
    ):
        require(found != wrong, hint)
    require(
        found == right,
        "Add up six parts: two norms, qkv, out, up and down. A layer from a to b numbers has "
        "a · b weights and b biases. Into how many heads they're dealt changes nothing.",
    )


def check_2(answer: object) -> None:
    """Check the mask of new letters after a cache."""
    function = require_function(answer)
    for n_past, n_new in ((3, 2), (0, 4), (5, 1), (2, 6)):
        found = run_answer(function, n_past, n_new)
        if isinstance(found, Tensor) and found.dtype == torch.bool:
            found = found.float()
        mask = require_floats(found, shape=(n_new, n_past + n_new))
        case = f"With {n_past} letters in the cache and {n_new} new ones"
        require(
            bool(((mask == 0) | (mask == 1)).all()),
            "Return True and False: what may be looked at, not what is added to the scores.",
        )
        seen = mask == 1
        expected = torch.ones(n_new, n_past + n_new).tril(n_past) == 1
        require(
            not torch.equal(seen, ~expected),
            f"{case}, True and False are swapped: True is where a letter may look.",
        )
        require(
            n_past == 0 or not torch.equal(seen, torch.ones_like(expected).tril()),
            f"{case}, the first new letter sees only one: the diagonal starts after the cache. "
            "(PyTorch's is_causal=True makes the same mistake.)",
        )
        require(
            n_new == 1 or bool((~seen).any()),
            f"{case}, the first of them sees the last: it would read the answer.",
        )
        own = torch.arange(n_new)
        require(bool(seen[own, n_past + own].all()), f"{case}, each should also see itself.")
        require(
            torch.equal(seen, expected),
            f"{case}, letter i of the new ones sees the whole cache, and the new ones up to i.",
        )


def check_3(answer: object) -> None:
    """Check shares of the k likeliest."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(17)
    for n, k in ((9, 3), (30, 7), (12, 1), (5, 5)):
        logits = 2 * torch.randn(n, generator=generator, dtype=torch.float64)
        kept = logits.clone()
        found = require_floats(run_answer(function, logits, k), shape=(n,))
        require(torch.equal(logits, kept), "You changed the logits that you were given.")
        require(not found.isnan().any(), "There's a NaN. Did you divide by 0, or forget -inf?")
        best = logits.topk(k).indices
        expected = torch.zeros(n, dtype=torch.float64)
        expected[best] = logits[best].softmax(dim=0)
        full = logits.softmax(dim=0)
        cut = torch.where(expected > 0, full, 0)
        zeroed = torch.where(expected > 0, logits, 0).softmax(dim=0)
        if k < n:
            require(not torch.allclose(found, full), "Nothing is left out yet.")
            require(not torch.allclose(found, cut), "They should add up to 1 again.")
            require(
                not torch.allclose(found, zeroed),
                "A logit of 0 isn't a share of 0: softmax gives it exp(0). What becomes 0?",
            )
        in_order = expected.sort(descending=True).values
        require(
            torch.allclose(found, expected) or not torch.allclose(found, in_order),
            "These shares are sorted. Put them back where their letters stand.",
        )
        n_kept = int((found > 0).sum())
        require(n_kept == k, f"With k = {k} and {n} letters, {n_kept} have a share.")
        require(
            torch.allclose(found, expected),
            "The right number of letters, but not the right shares. Softmax of the k likeliest.",
        )


def check_4(answer: object) -> None:
    """Check shares of the likeliest that make up p."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(4)
    for n, p in ((8, 0.6), (20, 0.9), (6, 0.1), (10, 1.0)):
        shares = (1.5 * torch.randn(n, generator=generator, dtype=torch.float64)).softmax(dim=0)
        kept = shares.clone()
        found = require_floats(run_answer(function, shares, p), shape=(n,))
        require(torch.equal(shares, kept), "You changed the shares that you were given.")
        sorted_, order = shares.sort(descending=True)
        before = sorted_.cumsum(dim=0) - sorted_
        keep = before < p
        expected = torch.zeros(n, dtype=torch.float64)
        expected[order[keep]] = sorted_[keep]
        cut = expected.clone()
        expected /= expected.sum()
        n_right, n_found = int(keep.sum()), int((found > 0).sum())
        case = f"With p = {p} and the sorted shares {_short(sorted_)}"
        require(
            n_found > 0 and not found.isnan().any(),
            f"{case}, nothing is left. The likeliest always stays.",
        )
        if n_right < n:
            require(not torch.allclose(found, shares), "Nothing is left out yet.")
            require(not torch.allclose(found, cut), "They should add up to 1 again.")
        in_order = expected.sort(descending=True).values
        require(
            n_right == 1 or torch.allclose(found, expected) or not torch.allclose(found, in_order),
            "These shares are sorted. Put them back where their letters stand.",
        )
        require(
            n_found != n_right - 1,
            f"{case}, one is missing: the one with which they reach p is in.",
        )
        require(n_found == n_right, f"{case}, {n_right} should stay, but {n_found} do.")
        require(torch.allclose(found, expected), f"{case}, others stay than the likeliest.")


def _short(shares: Tensor) -> str:
    return ", ".join(f"{share:.2f}" for share in shares[:4].tolist()) + ", ..."


def check_5(answer: object) -> None:
    """Check one step of attention with a cache."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(5)
    for heads, t, d in ((2, 5, 4), (3, 1, 9), (1, 8, 2)):
        query, key, value = torch.randn(
            3, heads, 1, d, generator=generator, dtype=torch.float64
        ).unbind()
        keys, values = torch.randn(
            2, heads, t, d, generator=generator, dtype=torch.float64
        ).unbind()
        given = (query, key, value, keys, values)
        found = run_answer(function, *(tensor.clone() for tensor in given))
        require(
            isinstance(found, list | tuple) and len(found) == 3,
            "Return three things: what it takes home, the keys, the values.",
        )
        home = require_floats(found[0], shape=(heads, 1, d))
        longer = [require_floats(each, shape=(heads, t + 1, d)) for each in found[1:]]
        all_keys, all_values = torch.cat([keys, key], dim=1), torch.cat([values, value], dim=1)
        require(
            not torch.allclose(longer[0], torch.cat([key, keys], dim=1)),
            "The new key comes last, not first.",
        )
        require(torch.allclose(longer[0], all_keys), "The longer keys aren't right.")
        require(torch.allclose(longer[1], all_values), "The longer values aren't right.")
        scores = query @ all_keys.mT
        past = (query @ keys.mT / math.sqrt(d)).softmax(dim=2) @ values
        for wrong, hint in (
            (scores.softmax(dim=2) @ all_values, "Divide the scores by the root of d."),
            ((scores / d).softmax(dim=2) @ all_values, "Divide by the root of d, not by d."),
            (past, "The new letter should also look at itself."),
            (all_values[:, :1], "It may look at all: with one query, no mask is needed."),
            (scores / math.sqrt(d) @ all_values, "Scores aren't shares: softmax first."),
        ):
            require(not torch.allclose(home, wrong), hint)
        expected = (scores / math.sqrt(d)).softmax(dim=2) @ all_values
        require(torch.allclose(home, expected, atol=1e-6), "What it takes home isn't right yet.")


def _batches(ids: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return 200 batches of 16 rows of 64 letters, always the same."""
    generator = torch.Generator().manual_seed(17)
    batches = []
    for _ in range(N_BATCHES):
        starts = torch.randint(len(ids) - 64, (16, 1), generator=generator)
        rows = ids[starts + torch.arange(65)]
        batches.append((rows[:, :-1], rows[:, 1:]))
    return batches


def check_6(answer: object) -> None:
    """Check a model that learned from 200 batches."""
    function = require_function(answer)
    plays = load_shakespeare()
    letters = sorted(set("".join(plays.values())))
    number_of = {letter: number for number, letter in enumerate(letters)}
    titles = list(plays)
    learned = torch.tensor([number_of[c] for c in "\n".join(plays[t] for t in titles[:8])])
    exam = torch.tensor([number_of[c] for c in plays[titles[8]][: EXAM_ROWS * 64 + 1]])
    model = run_answer(function, _batches(learned))
    require(callable(model), "Return the model itself: it maps ids to logits.")
    if isinstance(model, nn.Module):
        model.eval()
    seen, following = exam[:-1].view(-1, 64), exam[1:].view(-1, 64)
    with torch.no_grad():
        logits = run_answer(model, seen)
        logits = require_floats(logits, shape=(EXAM_ROWS, 64, len(letters)))
        other = seen.clone()
        other[:, 40:] = 0
        leak = (require_floats(run_answer(model, other))[:, :40] - logits[:, :40]).abs().max()
    require(bool(logits.isfinite().all()), "Some logits are infinite or NaN.")
    require(
        leak.item() < 1e-3,
        "Your model sees the future: when later letters change, so do its earlier answers.",
    )
    loss = F.cross_entropy(logits.flatten(0, 1), following.flatten()).item()
    require(loss < math.log(63) - 0.1, f"{loss:.2f} nats: it knows nothing yet. Was it trained?")
    require(
        loss <= BATCHES_GET,
        f"{loss:.2f} nats per letter of the new play, and {BATCHES_GET} is the goal. Section 5 "
        "has all that it takes.",
    )
    print(f"{loss:.3f} nats per letter of the new play")


CHECKS: dict[str, Check] = {
    "17-1": check_1,
    "17-2": check_2,
    "17-3": check_3,
    "17-4": check_4,
    "17-5": check_5,
    "17-6": check_6,
}
