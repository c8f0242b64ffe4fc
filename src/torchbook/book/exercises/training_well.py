"""Checks for the exercises of chapter 11, training well."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchbook.book.exercises.answers import (
    Check,
    require,
    require_floats,
    require_function,
    require_number,
    require_tensor,
    run_answer,
)


def _is(number: float, other: float, tolerance: float = 0.005) -> bool:
    """Say whether two numbers agree to half a percent."""
    return math.isclose(number, other, rel_tol=tolerance)


def check_1(answer: object) -> None:
    """Check the standard deviation for 5 x 5 kernels of 32 maps before which a ReLU stands."""
    number = require_number(answer)
    require(not _is(number, 2 / 800), "That's the mean square of a weight. Take its root.")
    require(
        not _is(number, (1 / 800) ** 0.5),
        "That would do without the ReLU, which halves the mean square.",
    )
    require(
        not _is(number, (2 / 1200) ** 0.5),
        "It's the inputs that one output adds up, not the outputs.",
    )
    require(not _is(number, (2 / 25) ** 0.5), "A kernel looks at all the maps that come in.")
    require(not _is(number, (2 / 32) ** 0.5), "A kernel has 25 places in each map.")
    require(
        _is(number, 0.05),
        "Count the inputs of one output: places of the kernel, times maps. Then the formula.",
    )


def check_2(answer: object) -> None:
    """Check weights that are drawn at random, in the right size."""
    function = require_function(answer)
    for shape in ((400, 300), (30, 500), (200, 20, 3, 3), (64, 40, 5, 5)):
        weights = require_tensor(run_answer(function, shape), shape=shape).detach().double()
        fan_in = math.prod(shape[1:])
        right = (2 / fan_in) ** 0.5
        spread = weights.std().item()
        # Eight standard errors for a bell curve: of the standard deviation, and of the mean.
        close = 8 / (2 * weights.numel()) ** 0.5
        require(spread > 0, "All weights are the same.")
        require(
            abs(weights.mean().item()) < 8 * spread / weights.numel() ** 0.5,
            "The mean isn't 0.",
        )
        for wrong, hint in (
            (2 / fan_in, "That's the mean square where the standard deviation should be."),
            ((1 / fan_in) ** 0.5, "That would do without the ReLU, which halves the mean square."),
            ((1 / (3 * fan_in)) ** 0.5, "That's PyTorch's own size, which section 3 warns of."),
            ((2 / (3 * fan_in)) ** 0.5, "Evenly spread up to the right size: that spreads less."),
            (
                (2 / (weights.numel() / shape[1])) ** 0.5,
                "You count the outputs. It's the inputs that one output adds up.",
            ),
            ((2 / shape[1]) ** 0.5, "A kernel has several places in each map. Count them, too."),
        ):
            is_wrong = not _is(wrong, right, 3 * close) and _is(spread, wrong, close)
            require(not is_wrong, hint)
        require(
            _is(spread, right, close),
            f"For the shape {shape}, the standard deviation should be near {right:.3g}, but it is "
            f"{spread:.3g}.",
        )
        again = run_answer(function, shape)
        require(not torch.equal(again.double(), weights), "Twice the same: draw at random.")


def _two(result: object, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    require(
        isinstance(result, tuple | list) and len(result) == 2,
        "Return two tensors: the new weight and the new rolling.",
    )
    first, second = result  # type: ignore[misc]
    return require_floats(first, shape), require_floats(second, shape)


def check_3(answer: object) -> None:
    """Check a step with Nesterov's momentum."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(3)
    for shape, lr in (((5,), 0.1), ((3, 2), 0.05), ((2, 1, 3), 2.0)):
        w, gradient, rolling = torch.randn(3, *shape, generator=generator, dtype=torch.float64)
        given = (w.clone(), gradient.clone(), rolling.clone())
        new_w, new_rolling = _two(run_answer(function, *given, lr), shape)
        require(
            all(torch.equal(a, b) for a, b in zip(given, (w, gradient, rolling), strict=True)),
            "You changed what you were given. Make new tensors.",
        )
        right_rolling = 0.9 * rolling + gradient
        require(
            not torch.allclose(new_rolling, 0.9 * rolling + 0.1 * gradient),
            "That's a running mean, as Adam keeps one. Ours is a running sum.",
        )
        require(
            torch.allclose(new_rolling, right_rolling),
            "The new rolling is 0.9 times the old one, plus the gradient.",
        )
        require(
            not torch.allclose(new_w, w - lr * right_rolling),
            "That's plain momentum. Step along the gradient plus 0.9 times the new rolling.",
        )
        require(
            not torch.allclose(new_w, w - lr * (gradient + 0.9 * rolling)),
            "You step with the old rolling, which is plain momentum. Take the new one.",
        )
        require(
            not torch.allclose(new_w, w - lr * (gradient + right_rolling)),
            "The new rolling counts 0.9 times.",
        )
        require(
            not torch.allclose(new_w, w + lr * (gradient + 0.9 * right_rolling)),
            "That goes uphill.",
        )
        require(
            torch.allclose(new_w, w - lr * (gradient + 0.9 * right_rolling)),
            "The new weight isn't right yet.",
        )


def _rates(result: object, n: int) -> list[float]:
    if isinstance(result, Tensor | np.ndarray):
        result = result.tolist()
    require(
        isinstance(result, list | tuple), "Return a list of rates, with one number for each step."
    )
    numbers = [require_number(rate, "a list of numbers") for rate in result]  # type: ignore[attr-defined]
    require(len(numbers) == n, f"There should be {n} rates, but there are {len(numbers)}.")
    return numbers


def check_4(answer: object) -> None:
    """Check a schedule that rises and falls in lines."""
    function = require_function(answer)
    for peak, n_steps, n_up in ((0.1, 10, 4), (3.0, 7, 1), (0.02, 75, 18), (1.0, 5, 4)):
        rates = _rates(run_answer(function, peak, n_steps, n_up), n_steps)
        right = [peak * (i + 1) / n_up for i in range(n_up)]
        n_down = n_steps - n_up
        right += [peak * (n_down - i) / (n_down + 1) for i in range(n_down)]
        require(
            rates[0] != 0 or right[0] == 0,
            "The first rate is 0, so the first step goes nowhere.",
        )
        require(
            math.isclose(max(rates), peak, rel_tol=1e-9),
            f"The largest rate should be {peak}, but it is {max(rates):.4g}.",
        )
        require(
            np.allclose(rates[:n_up], right[:n_up]),
            f"The first {n_up} rates should rise in a line, from peak / {n_up} to peak.",
        )
        require(
            rates[-1] > 1e-12 * peak, "The last rate is 0. The line reaches 0 only one step later."
        )
        require(
            n_up == n_steps or not math.isclose(rates[n_up], peak),
            "The peak comes twice. After the last rate of the rise, the line goes down at once.",
        )
        require(np.allclose(rates, right), "The way down isn't the line that was asked for.")


def check_5(answer: object) -> None:
    """Check soft targets."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(5)
    for n, classes, smoothing in ((6, 10, 0.1), (4, 3, 0.3), (1, 2, 0.0), (5, 4, 0.2)):
        labels = torch.randint(classes, (n,), generator=generator)
        given = labels.clone()
        targets = require_floats(run_answer(function, given, classes, smoothing), (n, classes))
        require(torch.equal(given, labels), "You changed the labels that you were given.")
        hard = torch.nn.functional.one_hot(labels, classes).double()
        right = (1 - smoothing) * hard + smoothing / classes
        if smoothing:
            require(not torch.allclose(targets, hard), "Those are certain: nothing is smoothed.")
            wrong = hard * (1 - smoothing) + (1 - hard) * smoothing / (classes - 1)
            require(
                not torch.allclose(targets, wrong),
                "You share the smoothing among the others. The right class gets its part, too.",
            )
        sums = targets.sum(dim=1)
        require(
            torch.allclose(sums, torch.ones_like(sums), atol=1e-6),
            f"Each row should add up to 1, but one adds up to {sums[0].item():.4g}.",
        )
        require(torch.allclose(targets, right, atol=1e-6), "The targets aren't right yet.")


def _same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def check_6(answer: object) -> None:
    """Check the mean of several state_dicts."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(6)
    for n in (2, 1, 3, 5):
        states = [
            {
                "weight": torch.randn(3, 2, generator=generator),
                "norm.running_mean": torch.randn(2, generator=generator, dtype=torch.float64),
                "norm.num_batches_tracked": torch.tensor(7 * i + 2),
            }
            for i in range(n)
        ]
        given = [{k: v.clone() for k, v in state.items()} for state in states]
        result = run_answer(function, given)
        require(isinstance(result, dict), "Return a dictionary.")
        require(
            all(_same(a, b) for a, b in zip(given, states, strict=True)),
            "You changed one of the dictionaries that you were given.",
        )
        require(result.keys() == states[0].keys(), "The names should stay as they are.")
        for name, last in states[-1].items():
            mean = require_tensor(result[name], shape=tuple(last.shape))
            if not last.is_floating_point():
                require(
                    not mean.is_floating_point() and torch.equal(mean, last),
                    f"{name} is a whole number: take that of the last dictionary.",
                )
                continue
            right = torch.stack([state[name] for state in states]).mean(dim=0)
            total = right * n
            require(n == 1 or not torch.allclose(mean.to(total), total), "That's the sum.")
            require(
                n == 1 or not torch.allclose(mean.to(last), last),
                "That's the last one alone, not the mean.",
            )
            require(torch.allclose(mean.to(right), right, atol=1e-6), f"{name} isn't the mean.")
            require(mean.dtype == last.dtype, f"{name} should keep its dtype, {last.dtype}.")
            require(
                all(mean.data_ptr() != state[name].data_ptr() for state in given),
                f"{name} shares its memory with what you were given. Make a copy.",
            )


CURVATURE, CALLS, DIMENSIONS = 300, 40, 20  # of the valleys
BEAT = 0.2  # percent of the height


def _valley(seed: int) -> tuple[Tensor, Tensor]:
    """Return the matrix of a valley, and a place in it."""
    generator = torch.Generator().manual_seed(seed)
    square = torch.randn(DIMENSIONS, DIMENSIONS, generator=generator, dtype=torch.float64)
    turn, _ = torch.linalg.qr(square)
    steep = torch.logspace(-math.log10(CURVATURE), 0, DIMENSIONS, dtype=torch.float64)
    far = torch.randn(DIMENSIONS, generator=generator, dtype=torch.float64) / steep.sqrt()
    return (turn * steep) @ turn.T, turn @ far


def _counted(matrix: Tensor) -> tuple[Callable[[Any], Tensor], list[int]]:
    calls = [0]

    def gradient(w: Any) -> Tensor:
        calls[0] += 1
        require(
            calls[0] <= CALLS, f"You called gradient more than {CALLS} times. That's the budget."
        )
        return matrix @ torch.as_tensor(w, dtype=torch.float64).detach()

    return gradient, calls


def check_7(answer: object) -> None:
    """Check how far down an optimiser gets with forty gradients."""
    function = require_function(answer)
    left = []
    for seed in range(100, 110):
        matrix, start = _valley(seed)
        gradient, _ = _counted(matrix)
        result = run_answer(function, gradient, start.clone())
        end = require_floats(result, (DIMENSIONS,))
        require(bool(end.isfinite().all()), "It has flown out of the valley: inf or nan.")
        left.append((end @ matrix @ end / (start @ matrix @ start)).item())
    percent = 100 * sum(left) / len(left)
    require(
        percent < 100,
        f"You end no lower than you began: {percent:.3g} % of the height are left.",
    )
    require(
        percent < BEAT,
        f"{percent:.2g} % of the height are left, and it should be less than {BEAT} %. What does "
        "0.9 do that another number might do better? What rate would that stand?",
    )


CHECKS: dict[str, Check] = {
    "11-1": check_1,
    "11-2": check_2,
    "11-3": check_3,
    "11-4": check_4,
    "11-5": check_5,
    "11-6": check_6,
    "11-7": check_7,
}
