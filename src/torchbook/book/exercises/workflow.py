"""Checks for the exercises of chapter 01, the workflow."""

import math

import torch
from torch import Tensor, nn

from torchbook.book.exercises.answers import (
    Check,
    WrongAnswerError,
    require,
    require_function,
    require_given,
    require_tensor,
    require_type,
    run_answer,
)


def _readings(seed: int, n: int, scale: float = 5.0) -> tuple[Tensor, Tensor]:
    """Return inputs from 0 to `scale` and targets near a line, [n, 1] each, float32."""
    generator = torch.Generator().manual_seed(seed)
    x = scale * torch.rand(n, 1, generator=generator)
    return x, 20 - 7 * x / scale + 0.5 * torch.randn(n, 1, generator=generator)


def _number(answer: object) -> float:
    """Return a plain number, also from a tensor with one element, else raise."""
    require_given(answer)
    if isinstance(answer, Tensor) and answer.numel() == 1:
        answer = answer.item()
    require(
        isinstance(answer, int | float) and not isinstance(answer, bool),
        f"The answer should be a number, but it is a {type(answer).__name__}.",
    )
    return float(answer)  # type: ignore[arg-type]


def _pair(answer: object) -> tuple[float, float]:
    """Return w and b, else raise."""
    require_given(answer)
    require(
        isinstance(answer, tuple | list) and len(answer) == 2,
        "The answer should be two numbers, w and b, as in (1.5, 2.0).",
    )
    first, second = answer  # type: ignore[misc]
    return _number(first), _number(second)


def _near(value: float, right: float, tolerance: float = 1e-4) -> bool:
    return abs(value - right) <= tolerance * max(1.0, abs(right))


def check_1(answer: object) -> None:
    """Check a mean squared error worked out by hand."""
    value = _number(answer)
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
    targets = torch.tensor([[1.0], [2.0], [6.0]])
    predictions = torch.tensor([[2.0], [0.0], [6.0]], requires_grad=True)
    loss = require_tensor(run_answer(function, predictions, targets), shape=())
    require(
        not _near(loss.item(), 5 / 3),
        "That is the mean of the squares. The absolute error has no square in it.",
    )
    require(
        not _near(loss.item(), -1 / 3),
        "Errors of +1 and -2 cancel in your function. Take absolute values before the mean.",
    )
    require(not _near(loss.item(), 3), "That is the sum of the absolute errors, not their mean.")
    require(
        _near(loss.item(), 1),
        f"For errors of 1, -2 and 0 the loss should be 1, but yours is {loss.item():.4g}.",
    )
    require(
        loss.requires_grad,
        "The number is right, but autograd has lost track: `backward` would fail. Is there an "
        "item(), a detach() or a new torch.tensor(...) on the way?",
    )
    for shape in ((3,), (1, 3), (3, 2), (1, 1)):
        try:
            function(predictions.detach(), torch.ones(shape))
        except ValueError:
            continue
        except Exception as error:
            raise WrongAnswerError(
                f"Predictions [3, 1] and targets {list(shape)} raise a {type(error).__name__}, "
                "but a ValueError was asked for."
            ) from error
        raise WrongAnswerError(
            f"Predictions [3, 1] and targets {list(shape)} raise no error: they broadcast, and "
            "every prediction meets targets that are not its own. Compare the whole shapes."
        )


def check_4(answer: object) -> None:
    """Check a random split of n numbers."""
    function = require_function(answer)
    for n in (100, 57):
        state = torch.get_rng_state()
        parts = run_answer(function, n, 3)
        require(
            torch.equal(state, torch.get_rng_state()),
            "Others notice: your function draws from the common sequence of random numbers. "
            "Chapter 00 had a way to have a sequence of one's own.",
        )
        require(
            isinstance(parts, tuple | list) and len(parts) == 3,
            "The function should return three tensors: train, validation, test.",
        )
        parts = [require_tensor(part, dtype=torch.int64) for part in parts]
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
        require(
            not torch.equal(joined, torch.arange(n)),
            "The numbers are cut in their old order. If the data are sorted, by time for example, "
            "the splits differ in more than chance.",
        )
        again = torch.cat(list(run_answer(function, n, 3)))
        require(torch.equal(joined, again), "The same seed gave another split.")
        other = torch.cat(list(run_answer(function, n, 4)))
        require(not torch.equal(joined, other), "Seeds 3 and 4 give the same split.")


def check_5(answer: object) -> None:
    """Check a training loop: the losses that it returns and the model that it leaves."""
    function = require_function(answer)
    x, y = _readings(0, 40)
    lr, steps = 0.04, 6

    def make() -> nn.Linear:
        model = nn.Linear(1, 1)
        with torch.no_grad():
            model.weight.fill_(0.5)
            model.bias.fill_(1.0)
        return model

    reference, right = make(), []
    optimizer = torch.optim.SGD(reference.parameters(), lr=lr)
    for _ in range(steps):
        loss = nn.functional.mse_loss(reference(x), y)
        right.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    model = make()
    nn.functional.mse_loss(model(x), y + 3).backward()  # what somebody left behind
    losses = require_type(run_answer(function, model, x, y, lr, steps), list)
    require(
        len(losses) == steps,
        f"There should be {steps} losses, one for each step, but there are {len(losses)}.",
    )
    require(
        all(isinstance(loss, float) for loss in losses),
        f"The losses should be Python floats, but the first is a {type(losses[0]).__name__}. "
        "As tensors they also keep the whole record of their step in memory.",
    )
    require(
        _near(losses[0], right[0]),
        "The first loss should be the one *before* the first step: the MSE of the model as it "
        "came.",
    )
    require(
        not _near(losses[1], losses[0], 1e-6),
        "The loss does not change: nothing moves the parameters. Which of the five lines is "
        "missing?",
    )
    require(
        _near(losses[1], right[1], 1e-3),
        "After the first step your loss is another than ours. The model came with gradients that "
        "somebody left in it: did the first step use them?",
    )
    require(
        all(_near(a, b, 1e-3) for a, b in zip(losses, right, strict=True)),
        "The first step is right, later ones are not. What happens to a gradient after its step?",
    )
    moved = torch.cat([p.detach().flatten() for p in model.parameters()])
    expected = torch.cat([p.detach().flatten() for p in reference.parameters()])
    require(
        torch.allclose(moved, expected, rtol=1e-3, atol=1e-3),
        f"The losses are right, but the model has not taken all {steps} steps.",
    )


def check_6(answer: object) -> None:
    """Check the learning rate above which gradient descent on a line diverges."""
    function = require_function(answer)
    for seed, n, scale in ((1, 60, 5.0), (2, 7, 0.5)):
        x, _ = _readings(seed, n, scale)
        wide = x.double()
        entries = [[(wide**2).mean(), wide.mean()], [wide.mean(), 1.0]]
        small, large = torch.linalg.eigvalsh(
            2 * torch.tensor(entries, dtype=torch.float64)
        ).tolist()
        rate = _number(run_answer(function, x))
        require(
            not _near(rate, 2 / small, 1e-3),
            "That is the limit of the flattest direction. Which one explodes first?",
        )
        require(
            not _near(rate, 1 / large, 1e-3),
            "With that rate the steepest direction lands on the spot. How much farther may it go "
            "before each jump is longer than the last?",
        )
        require(
            not _near(rate, 4 / large, 1e-3),
            "Twice too large: the derivative of a square brings a factor 2 into the Hessian.",
        )
        require(
            not _near(rate, 1 / (wide**2).mean().item(), 1e-3),
            "That is the limit if only w could move. b moves too, and both together are steeper.",
        )
        require(
            _near(rate, 2 / large, 1e-3),
            f"For {n} inputs between 0 and {scale:g} the limit should be {2 / large:.4g}, but you "
            f"get {rate:.4g}.",
        )


def check_7(answer: object) -> None:
    """Check the number of readings that a standard error demands."""
    function = require_function(answer)
    for sigma, spread, error in ((0.5, 1.5, 0.05), (1.0, 2.0, 0.3), (0.5, 2.0, 0.25)):
        n = run_answer(function, sigma, spread, error)
        exact = (sigma / (spread * error)) ** 2
        right = math.ceil(exact - 1e-9)
        case = f"answer({sigma}, {spread}, {error}) gives {n!r:.40}"
        require(
            isinstance(n, int) and not isinstance(n, bool),
            f"{case}. Readings come in whole numbers, so return an int.",
        )
        require(
            n != math.ceil(exact**0.5 - 1e-9) or right == n,
            f"{case}. To halve the error takes four times as many readings: there is a root.",
        )
        require(
            n != right - 1,
            f"{case}. With that many the error is still a little too large: rounded down?",
        )
        require(n == right, f"{case}, but {right} are needed. Solve the formula for N.")


def check_8(answer: object) -> None:
    """Check that a descent on standardised inputs is translated back to the original ones."""
    function = require_function(answer)
    for seed, scale, what in ((3, 5.0, "hours"), (4, 300.0, "minutes")):
        x, y = _readings(seed, 50, scale)
        given = x.clone()
        found = run_answer(function, x, y)
        require(torch.equal(x, given), "Your function changes the inputs that it was given.")
        w, b = _pair(found)
        require(
            math.isfinite(w) and math.isfinite(b),
            f"With inputs in {what} the descent explodes. Are the inputs really standardised "
            "before the first step?",
        )
        wide_x, wide_y = x.double(), y.double()
        inputs = torch.cat([wide_x, torch.ones_like(wide_x)], dim=1)
        right_w, right_b = torch.linalg.lstsq(inputs, wide_y).solution.flatten().tolist()
        deviation, mean = wide_x.std().item(), wide_x.mean().item()
        require(
            not (_near(w, right_w * deviation, 2e-2) and _near(b, right_b + right_w * mean, 1e-2)),
            "That is the line for the standardised inputs. Put (x - mean) / deviation in place of "
            "its x and multiply out: what stands before x, and what is left?",
        )
        require(
            not (_near(w, right_w, 1e-2) and _near(b, right_b + right_w * mean, 1e-2)),
            "w is right. But the height at x = 0 is asked, and your b is the height at the mean "
            "of x.",
        )
        require(
            abs(w - right_w) < 2e-3 * abs(right_w) and _near(b, right_b, 2e-3),
            f"With inputs in {what}, the best line has w = {right_w:.4g} and b = {right_b:.4g}; "
            f"yours has {w:.4g} and {b:.4g}. Is the learning rate large enough for 50 steps?",
        )


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
