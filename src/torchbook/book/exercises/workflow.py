"""Checks for the exercises of chapter 01, the workflow."""

import copy
import math
import warnings
from collections.abc import Callable
from numbers import Real

import numpy as np
import torch
from torch import Tensor, nn

from torchbook.book.exercises.answers import (
    Check,
    WrongAnswerError,
    random_states,
    require,
    require_function,
    require_given,
    require_number,
    require_tensor,
    run_answer,
)


def _pair(answer: object) -> tuple[float, float]:
    """Return w and b, else raise."""
    require_given(answer)
    if isinstance(answer, Tensor | np.ndarray) and math.prod(answer.shape) == 2:
        answer = answer.reshape(2).tolist()
    require(
        isinstance(answer, tuple | list) and len(answer) == 2,
        "The answer should be two numbers, w and b, as in (1.5, 2.0).",
    )
    first, second = answer  # type: ignore[misc]
    return require_number(first), require_number(second)


def _near(value: float, right: float, tolerance: float = 1e-4) -> bool:
    return abs(value - right) <= tolerance * max(1.0, abs(right))


def check_1(answer: object) -> None:
    """Check a mean squared error worked out by hand."""
    value = require_number(answer)
    require(
        not _near(value, 5), "That is the sum of the two squares. What makes it a *mean* error?"
    )
    require(
        not _near(value, 1.5),
        "That is the mean of the absolute errors (L1). Here the errors are squared first.",
    )
    require(
        not (_near(value, 0.5) or _near(value, -0.5)),
        "That is the mean of the errors themselves: plus and minus cancelled.",
    )
    require(
        not _near(value, 0.25),
        "You averaged first and squared afterwards. Square each error before you average.",
    )
    require(
        not _near(value, 2.5**0.5, 1e-2), "That is the root of it. The exercise asks for the MSE."
    )
    require(
        _near(value, 2.5),
        "Not yet. Work out what the line says after 1 and after 3 hours; then the two errors.",
    )


def check_2(answer: object) -> None:
    """Check one step of gradient descent worked out by hand."""
    w, b = _pair(answer)
    require(
        not (_near(w, -1.5) and _near(b, 20.1)),
        "You walked uphill: the loss grows in the direction of the gradient.",
    )
    require(
        not (_near(w, -2.25) and _near(b, 19.95)),
        "Half the step. The derivative of a square brings a factor with it.",
    )
    require(
        not (_near(w, -3) and _near(b, 19.8)),
        "Twice the step. The loss is the mean over two readings, and so is its gradient.",
    )
    require(
        not (_near(w, 5) and _near(b, 1)),
        "That is the gradient. Now take the step: from (-2, 20), with a learning rate of 0.1.",
    )
    require(
        not (_near(w, -7) and _near(b, 19)),
        "That is a step with a learning rate of 1. Take a tenth of it.",
    )
    require(
        not (_near(w, 19.9) and _near(b, -2.5)),
        "Both numbers are right, but in the wrong order: w comes first, then b.",
    )
    require(
        not _near(w, -2.1) or not _near(b, 19.9),
        "b is right. In the derivative by w each error is multiplied by its hour.",
    )
    require(
        _near(b, 19.9),
        "b is not right yet. Its part of the gradient is twice the mean of the errors.",
    )
    require(
        _near(w, -2.5),
        "b is right, w not yet. Its part of the gradient is twice the mean of error times hour.",
    )


def check_3(answer: object) -> None:
    """Check a mean absolute error that refuses shapes that differ."""
    function = require_function(answer)
    errors = torch.tensor([[1.0], [-2.0], [0.5], [4.0]])
    targets = torch.tensor([[1.0], [2.0], [6.0], [-3.0]])
    predictions = (targets + errors).requires_grad_()
    loss = require_tensor(run_answer(function, predictions, targets), shape=())
    value = loss.item()
    require(
        not _near(value, 21.25 / 4),
        "That is the mean of the squares. The absolute error has no square in it.",
    )
    require(
        not _near(value, (21.25 / 4) ** 0.5),
        "That is the root of the mean squared error. Take the absolute value of each error.",
    )
    require(
        not (_near(value, 0.875) or _near(value, -0.875)),
        "The errors of +1 and -2 cancel in your function. Take absolute values before the mean.",
    )
    require(not _near(value, 7.5), "That is the sum of the absolute errors, not their mean.")
    require(
        _near(value, 1.875),
        f"For errors of 1, -2, 0.5 and 4 the loss should be 1.875, but yours is {value:.4g}.",
    )
    require(
        loss.requires_grad,
        "The number is right, but autograd has lost track: `backward` would fail. Is there an "
        "item(), a detach() or a new torch.tensor(...) on the way?",
    )
    try:
        loss.backward()
    except RuntimeError as error:
        raise WrongAnswerError(
            f"The number is right, but `backward` fails: {str(error).splitlines()[0]}"
        ) from error
    gradient = predictions.grad
    require(
        gradient is not None,
        "The number is right, but `backward` never reaches the predictions: the loss is a new "
        "tensor that doesn't know where it came from.",
    )
    require(
        torch.allclose(gradient, errors.sign() / 4, atol=1e-4),
        "The number is right, but not its gradient. Is a part of the computation hidden from "
        "autograd?",
    )
    _check_3_elsewhere(function)


def _check_3_elsewhere(function: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Check the loss for other shapes, with an error of 0, and for shapes that differ."""
    for shape in ((5,), (2, 3), (1, 1), (2, 1, 4)):
        generator = torch.Generator().manual_seed(len(shape))
        a = torch.randn(shape, generator=generator, dtype=torch.float64)
        b = torch.randn(shape, generator=generator, dtype=torch.float64)
        loss = require_tensor(run_answer(function, a, b), shape=())
        require(
            _near(loss.item(), (a - b).abs().mean().item()),
            f"For predictions and targets of shape {list(shape)} the loss is not the mean of all "
            "absolute errors.",
        )
    exact = torch.tensor([[2.0], [3.0]], requires_grad=True)
    run_answer(function, exact, torch.tensor([[2.0], [1.0]])).backward()
    require(
        exact.grad is not None and bool(exact.grad.isfinite().all()),
        "Where an error is exactly 0, your gradient is nan: the slope of a root is infinite at 0. "
        "abs() has no such trouble.",
    )
    for given, wanted in (
        ((3, 1), (3,)),
        ((3, 1), (1, 3)),
        ((3, 1), (3, 2)),
        ((3, 1), (1, 1)),
        ((3, 1), ()),
        ((4,), (4, 1)),
        ((2, 6), (3, 4)),
    ):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a loss of PyTorch's warns, and goes on
                function(torch.zeros(given), torch.ones(wanted))
        except ValueError:
            continue
        except Exception as error:
            raise WrongAnswerError(
                f"Predictions {list(given)} and targets {list(wanted)} raise a "
                f"{type(error).__name__}, but a ValueError was asked for."
            ) from error
        raise WrongAnswerError(
            f"Predictions {list(given)} and targets {list(wanted)} raise no error: they "
            "broadcast, and every prediction meets targets that are not its own. Compare the "
            "whole shapes."
        )


def _split(function: Callable[[int, int], object], n: int, seed: int) -> list[Tensor]:
    """Return the three parts of a split, whose types and sizes are right, else raise."""
    parts = run_answer(function, n, seed)
    require(
        isinstance(parts, tuple | list) and len(parts) == 3,
        "The function should return three tensors: train, validation, test.",
    )
    parts = [require_tensor(part, dtype=torch.int64) for part in parts]
    require(
        all(part.ndim == 1 for part in parts),
        "Each of the three tensors should have one axis.",
    )
    found = [len(part) for part in parts]
    sizes = [6 * n // 10, 2 * n // 10]
    sizes.append(n - sum(sizes))
    joined = torch.cat(parts)
    require(
        len(joined.unique()) == len(joined),
        "Some number occurs twice: a reading in two splits is a leak.",
    )
    require(
        found == sizes,
        f"Of {n} numbers, {sizes} should be in the three splits, but there are {found}. "
        "Who gets what is left after rounding down?",
    )
    require(
        torch.equal(joined.sort().values, torch.arange(n)),
        f"The numbers should be 0 to {n - 1}, none left out.",
    )
    return parts


def check_4(answer: object) -> None:
    """Check a random split of n numbers."""
    function = require_function(answer)
    for n in (100, 57, 9):
        before = random_states()
        parts = _split(function, n, 3)
        after = random_states()
        for library, state in before.items():
            require(
                state == after[library],
                f"Others notice: your function draws from {library}'s common sequence of random "
                "numbers, or seeds it. Chapter 00 had a way to have a sequence of one's own.",
            )
        with torch.random.fork_rng(devices=[]):
            torch.rand(1)  # what others may do in the meantime
            again = _split(function, n, 3)
        require(
            all(torch.equal(a, b) for a, b in zip(parts, again, strict=True)),
            "The same seed gave another split.",
        )
    _check_4_is_random(function)


def _check_4_is_random(function: Callable[[int, int], object]) -> None:
    """Check over many seeds that any number gets anywhere, in any company."""
    n, n_seeds = 20, 200
    place = torch.empty(n_seeds, n, dtype=torch.int64)  # the split that each number is in
    for seed in range(n_seeds):
        for i, part in enumerate(_split(function, n, seed)):
            place[seed, part] = i
    require(
        not bool((place == torch.tensor(12 * [0] + 4 * [1] + 4 * [2])).all()),
        "The numbers are cut in their old order. If the data are sorted, by time for example, "
        "the splits differ in more than chance.",
    )
    require(len(place.unique(dim=0)) > 1, f"Seeds 0 to {n_seeds - 1} all give the same split.")
    require(
        len(place.unique(dim=0)) > n_seeds // 2,
        f"{n_seeds} seeds give only {len(place.unique(dim=0))} different splits.",
    )
    for i, name in enumerate(("training", "validation", "test")):
        share = (place == i).double().mean(dim=0)  # [20]: of the seeds
        expected = (0.6, 0.2, 0.2)[i]
        odd = int((share - expected).abs().argmax())
        require(
            bool((share - expected).abs().max() < 0.2),  # five standard errors or more
            f"Not at random: of {n_seeds} seeds, {share[odd]:.0%} put the number {odd} into the "
            f"{name} split, where {expected:.0%} would be usual.",
        )
    together = (place[:, :, None] == place[:, None, :]).double().mean(dim=0)  # [20, 20]
    together.fill_diagonal_(0.41)
    odd = int((together - 0.41).abs().argmax())  # 156 of 380 pairs share a split
    require(
        bool((together - 0.41).abs().max() < 0.22),  # more than six standard errors
        f"Not at random: the numbers {odd // n} and {odd % n} are in the same split for "
        f"{together.flatten()[odd]:.0%} of the seeds. A shuffle would separate them more often "
        "than not, and now and then join them.",
    )


def _models() -> list[tuple[nn.Module, Tensor, Tensor, float]]:
    """Return a line, and a network with two outputs, each with data and a learning rate."""
    generator = torch.Generator().manual_seed(0)
    x = 5 * torch.rand(40, 1, generator=generator)
    y = 20 - 1.4 * x + 0.5 * torch.randn(40, 1, generator=generator)
    line = nn.Linear(1, 1)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    with torch.no_grad():
        line.weight.fill_(0.5)
        line.bias.fill_(1.0)
        for parameter in net.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    features = torch.randn(30, 3, generator=generator)
    targets = 3 * torch.randn(30, 2, generator=generator)
    return [(line, x, y, 0.04), (net, features, targets, 0.1)]


def check_5(answer: object) -> None:
    """Check a training loop: the losses that it returns and the model that it leaves."""
    function = require_function(answer)
    steps = 6
    for model, x, y, lr in _models():
        reference = copy.deepcopy(model)
        right = []
        optimizer = torch.optim.SGD(reference.parameters(), lr=lr)
        for _ in range(steps):
            loss = nn.functional.mse_loss(reference(x), y)
            right.append(loss.item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        nn.functional.mse_loss(model(x), y + 3).backward()  # what somebody left behind
        losses = run_answer(function, model, x, y, lr, steps)
        require(
            isinstance(losses, list | tuple),
            f"The function should return a list of losses, but it returns a "
            f"{type(losses).__name__}.",
        )
        require(
            len(losses) == steps,
            f"There should be {steps} losses, one for each step, but there are {len(losses)}.",
        )
        require(
            all(isinstance(loss, Real) for loss in losses),
            f"The losses should be Python floats, but the first is a {type(losses[0]).__name__}. "
            "As tensors they also keep the whole record of their step in memory.",
        )
        require(
            not _near(losses[0], right[0] * y.numel()) and not _near(losses[0], right[0] * len(y)),
            "The first loss is a sum of squared errors. The MSE is their mean.",
        )
        require(
            _near(losses[0], right[0]),
            "The first loss should be the one *before* the first step: the MSE of the model as it "
            "came.",
        )
        require(
            not _near(losses[1], losses[0], 1e-6),
            "The loss does not change: nothing moves the parameters. Which of the five lines is "
            "missing, or in the wrong place?",
        )
        require(
            _near(losses[1], right[1], 1e-3),
            "After the first step your loss is another than ours. The model came with gradients "
            "that somebody left in it: did the first step use them? And does the optimiser get "
            "all parameters and the learning rate that was given?",
        )
        require(
            all(_near(a, b, 1e-3) for a, b in zip(losses, right, strict=True)),
            "The first step is right, later ones are not. What happens to a gradient after its "
            "step? Is the optimiser plain SGD, made once?",
        )
        moved = torch.cat([p.detach().flatten() for p in model.parameters()])
        expected = torch.cat([p.detach().flatten() for p in reference.parameters()])
        require(
            torch.allclose(moved, expected, rtol=1e-4, atol=1e-4),
            f"The losses are right, but the model has not taken all {steps} steps.",
        )


def check_6(answer: object) -> None:
    """Check the learning rate above which gradient descent on a parabola diverges."""
    function = require_function(answer)
    cases = (
        ("between 0 and 5", 5 * _uniform(1, 60)),
        ("between -1 and 7", 8 * _uniform(2, 7).double() - 1),
        ("between 0 and 300", 300 * _uniform(3, 25)),
    )
    for where, x in cases:
        given = x.clone()
        rate = require_number(run_answer(function, x))
        require(torch.equal(x, given), "Your function changes the inputs that it was given.")
        wide = x.double()
        mean_square = (wide**2).mean().item()
        if math.isclose(rate, 1 / mean_square, rel_tol=1e-3):
            continue
        ones = torch.ones_like(wide)
        inputs = torch.cat([wide, ones], dim=1)  # [N, 2]
        of_two = torch.linalg.eigvalsh(2 * inputs.T @ inputs / len(x))[1].item()
        known = (
            (
                0.5 / mean_square,
                "With that rate one step lands at the bottom. How much farther may it go before "
                "each jump is longer than the last?",
            ),
            (
                2 / mean_square,
                "Twice too large: the derivative of a square brings a factor 2 into the curvature.",
            ),
            (2 * mean_square, "That is the curvature. The limit is 2 divided by it."),
            (
                1 / (wide**2).sum().item(),
                "The loss is the *mean* of the squares, and so the curvature is a mean, too.",
            ),
            (
                1 / wide.mean().item() ** 2,
                "You square the mean of the inputs. Take the mean of their squares.",
            ),
            (
                1 / wide.var(correction=0).item(),
                "That is the limit for inputs with a mean of 0. Do these have one?",
            ),
            (
                2 / of_two,
                "That is the limit if b is learned, too. Here only w is: the loss is a parabola.",
            ),
        )
        for wrong, hint in known:
            require(not math.isclose(rate, wrong, rel_tol=1e-3), hint)
        raise WrongAnswerError(
            f"For {len(x)} inputs {where} the limit should be {1 / mean_square:.4g}, but you get "
            f"{rate:.4g}."
        )


def _uniform(seed: int, n: int) -> Tensor:
    """Return random numbers from 0 to 1, [n, 1], float32."""
    return torch.rand(n, 1, generator=torch.Generator().manual_seed(seed))


def check_7(answer: object) -> None:
    """Check the number of readings that a standard error demands."""
    function = require_function(answer)
    for n, error, wanted in (
        (60, 0.045, 0.02),
        (100, 0.5, 0.125),
        (37, 0.3, 0.11),
        (80, 0.1, 0.13),
    ):
        found = require_number(run_answer(function, n, error, wanted))
        exact = n * (error / wanted) ** 2
        right = math.ceil(exact - 1e-9)
        case = f"answer({n}, {error}, {wanted}) gives {found:.10g}"
        require(
            not math.isclose(found, exact) or right == found,
            f"{case}. Readings come in whole numbers: round up.",
        )
        require(
            found not in (n * error / wanted, math.ceil(n * error / wanted)) or right == found,
            f"{case}. Half the error takes four times as many readings, not twice as many.",
        )
        require(
            found not in (right - n, math.ceil(exact - n - 1e-9)),
            f"{case}. That is how many you need on top of the {n} that you have.",
        )
        require(
            found != math.ceil(n * (wanted / error) ** 2 - 1e-9) or right == found,
            f"{case}. You have turned the ratio upside down: a smaller error takes more readings.",
        )
        require(
            found != right - 1,
            f"{case}. With that many the error is still a little too large: rounded down?",
        )
        require(
            found not in (right + 1, math.floor(exact) + 1) or right == found,
            f"{case}. One fewer is enough.",
        )
        require(
            found == right,
            f"{case}, but {right} are needed. By which factor must the error shrink?",
        )


def check_8(answer: object) -> None:
    """Check a descent that needs few looks at the gradient, and say how many it took."""
    function = require_function(answer)
    most = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        x = 5 * rng.random(60)
        y = rng.uniform(-3, -1) * x + rng.uniform(20, 30) + 0.5 * rng.standard_normal(60)
        calls = 0

        def slopes(w: float, b: float, x: np.ndarray = x, y: np.ndarray = y) -> tuple[float, float]:
            nonlocal calls
            calls += 1
            errors = require_number(w) * x + require_number(b) - y
            return float(2 * (errors * x).mean()), float(2 * errors.mean())

        with np.errstate(over="ignore", invalid="ignore"):
            w, b = _pair(run_answer(function, slopes))
        require(
            math.isfinite(w) and math.isfinite(b),
            "The descent explodes. Which learning rates does section 8 allow? (The limit differs a "
            "little from evening to evening.)",
        )
        loss = float(((w * x + b - y) ** 2).mean())
        smallest = float(((np.polyval(np.polyfit(x, y, 1), x) - y) ** 2).mean())
        require(
            calls > 0,
            "Your function never calls `slopes`, so it can't know anything about this evening.",
        )
        require(
            not loss > 1e4,
            f"After {calls} calls the loss is {loss:.3g}, and it started below 1,000: the descent "
            "is about to explode. Try a smaller rate.",
        )
        require(
            loss <= 1.01 * smallest,
            f"After {calls} calls the loss is {loss:.4g}, but the smallest possible one is "
            f"{smallest:.4g}. You are not within 1 % of it yet.",
        )
        require(
            calls < 200,
            f"You are at the bottom, but after {calls} calls. Fewer than 200 are asked for.",
        )
        most = max(most, calls)
    print(f"{most} calls.")


CHECKS: dict[str, Check] = {
    "01-1": check_1,
    "01-2": check_2,
    "01-3": check_3,
    "01-4": check_4,
    "01-5": check_5,
    "01-6": check_6,
    "01-7": check_7,
    "01-8": check_8,
}
