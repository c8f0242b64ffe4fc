"""Typical wrong answers to the exercises of chapter 01, each with a part of the intended hint."""

import math

import torch
import torch.nn.functional as F


def unchecked_mae(predictions, targets):
    return (predictions - targets).abs().mean()


def checked(loss):
    """Make of a loss one that compares shapes first."""

    def answer(predictions, targets):
        if predictions.shape != targets.shape:
            raise ValueError("shapes differ")
        return loss(predictions - targets)

    return answer


def asserting_mae(predictions, targets):
    assert predictions.shape == targets.shape
    return (predictions - targets).abs().mean()


def compares_lengths(predictions, targets):
    if len(predictions) != len(targets):
        raise ValueError("lengths differ")
    return (predictions - targets).abs().mean()


def compares_axes(predictions, targets):
    if predictions.ndim != targets.ndim:
        raise ValueError("numbers of axes differ")
    return (predictions - targets).abs().mean()


def cut(n, order):
    a, b = 6 * n // 10, 2 * n // 10
    return order[:a], order[a : a + b], order[a + b :]


def own(n, seed):
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def split_with_common_seed(n, seed):
    torch.manual_seed(seed)
    return cut(n, torch.randperm(n))


def split_with_repeats(n, seed):
    generator = torch.Generator().manual_seed(seed)
    return cut(n, torch.randint(0, n, (n,), generator=generator))


def split_that_loses_the_rest(n, seed):
    a, b = 6 * n // 10, 2 * n // 10
    return own(n, seed)[: a + 2 * b].split([a, b, b])


def split_once(n, seed, _state=torch.Generator().manual_seed(0)):  # noqa: B008
    return cut(n, torch.randperm(n, generator=_state))


def loop(*, zero="before", step=True, loss_after=False, as_float=True, rows="list"):
    """Make a training loop with something wrong in it."""

    def answer(model, x, y, lr, steps):
        optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        losses = []
        for _ in range(steps):
            loss = F.mse_loss(model(x), y)
            if zero == "before":
                optimizer.zero_grad()
            loss.backward()
            if step:
                optimizer.step()
            if zero == "after":
                optimizer.zero_grad()
            if loss_after:
                loss = F.mse_loss(model(x), y)
            losses.append(loss.item() if as_float else loss)
        return losses if rows == "list" else losses[-1]

    return answer


def zeroes_once(model, x, y, lr, steps):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    optimizer.zero_grad()
    losses = []
    for _ in range(steps):
        loss = F.mse_loss(model(x), y)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return losses


def trains_a_copy(model, x, y, lr, steps):
    copy = torch.nn.Linear(1, 1)
    copy.load_state_dict(model.state_dict())
    return loop()(copy, x, y, lr, steps)


def curvatures(x, factor=2.0):
    ones = torch.ones(())
    rows = [torch.stack([(x**2).mean(), x.mean()]), torch.stack([x.mean(), ones])]
    return torch.linalg.eigvalsh(factor * torch.stack(rows))


def readings(sigma, spread, error):
    return (sigma / (spread * error)) ** 2


def standardised(x, y, lr=0.5, steps=50):
    mean, deviation = x.mean(), x.std()
    z = (x - mean) / deviation
    w = b = torch.zeros(())
    for _ in range(steps):
        errors = w * z + b - y
        w, b = w - lr * 2 * (errors * z).mean(), b - lr * 2 * errors.mean()
    return w.item(), b.item(), mean.item(), deviation.item()


def not_translated(x, y):
    return standardised(x, y)[:2]


def only_w_translated(x, y):
    w, b, _, deviation = standardised(x, y)
    return w / deviation, b


def too_slow(x, y):
    w, b, mean, deviation = standardised(x, y, lr=0.01)
    return w / deviation, b - w * mean / deviation


def raw_descent(x, y):
    w = b = torch.zeros(())
    for _ in range(50):
        errors = w * x + b - y
        w, b = w - 0.5 * 2 * (errors * x).mean(), b - 0.5 * 2 * errors.mean()
    return w.item(), b.item()


def in_place(x, y):
    x -= x.mean()
    return 0.0, 0.0


WRONG = {
    "01-1": [
        (..., "no answer yet"),
        ("2.5", "should be a number"),
        (5, "sum of the two squares"),
        (1.5, "absolute errors"),
        (0.5, "cancelled"),
        (0.25, "averaged first"),
        (1.58, "root of it"),
        (7, "what the line says"),
    ],
    "01-2": [
        (..., "no answer yet"),
        (-2.5, "two numbers"),
        ((-1.5, 20.1), "uphill"),
        ((-2.25, 19.95), "derivative of a square"),
        ((-3, 19.8), "mean over two readings"),
        ((5, 1), "That is the gradient"),
        ((-7, 19), "learning rate of 1"),
        ((-2.1, 19.9), "multiplied by its hour"),
        ((-2.5, 20), "b is not right yet"),
        ((-2, 19.9), "w not yet"),
    ],
    "01-3": [
        (..., "no answer yet"),
        (unchecked_mae, "they broadcast"),
        (compares_lengths, "targets [3] raise no error"),
        (compares_axes, "targets [1, 3] raise no error"),
        (asserting_mae, "AssertionError"),
        (checked(lambda errors: errors.square().mean()), "mean of the squares"),
        (checked(lambda errors: errors.mean()), "cancel in your function"),
        (checked(lambda errors: errors.abs().sum()), "not their mean"),
        (checked(lambda errors: errors.abs().max()), "should be 1"),
        (checked(lambda errors: errors.detach().abs().mean()), "autograd has lost track"),
        (checked(lambda errors: errors.abs()), "shape should be []"),
    ],
    "01-4": [
        (..., "no answer yet"),
        (split_with_common_seed, "Others notice"),
        (lambda n, seed: own(n, seed), "three tensors"),
        (split_with_repeats, "a leak"),
        (split_that_loses_the_rest, "left after rounding down"),
        (lambda n, seed: cut(n, torch.arange(n)), "old order"),
        (lambda n, seed: cut(n, own(n, seed) + 1), "should be 0 to 99"),
        (split_once, "gave another split"),
        (lambda n, seed: cut(n, own(n, 0)), "Seeds 3 and 4"),
    ],
    "01-5": [
        (..., "no answer yet"),
        (loop(rows="last"), "should be a list"),
        (lambda model, x, y, lr, steps: [1.0], "one for each step"),
        (loop(as_float=False), "Python floats"),
        (loop(loss_after=True), "*before* the first step"),
        (loop(step=False), "nothing moves"),
        (loop(zero="never"), "somebody left in it"),
        (loop(zero="after"), "somebody left in it"),
        (zeroes_once, "later ones are not"),
        (trains_a_copy, "has not taken all"),
    ],
    "01-6": [
        (..., "no answer yet"),
        (lambda x: "0.1", "should be a number"),
        (lambda x: 2 / curvatures(x)[0].item(), "flattest"),
        (lambda x: 1 / curvatures(x)[-1].item(), "lands on the spot"),
        (lambda x: 2 / curvatures(x, 1.0)[-1].item(), "factor 2"),
        (lambda x: 1 / (x**2).mean().item(), "only w could move"),
        (lambda x: 0.1, "the limit should be"),
    ],
    "01-7": [
        (..., "no answer yet"),
        (readings, "whole numbers"),
        (lambda *numbers: int(readings(*numbers)), "rounded down"),
        (lambda *numbers: math.ceil(readings(*numbers) ** 0.5), "there is a root"),
        (lambda sigma, spread, error: 10, "Solve the formula"),
    ],
    "01-8": [
        (..., "no answer yet"),
        (lambda x, y: 3.0, "two numbers"),
        (not_translated, "multiply out"),
        (only_w_translated, "height at the mean"),
        (too_slow, "large enough for 50 steps"),
        (raw_descent, "explodes"),
        (in_place, "changes the inputs"),
    ],
}
