"""Checks for the exercises of chapter 22, pictures from noise."""

import math

import torch
from torch import Tensor

from torchbook.book.exercises.answers import (
    Check,
    Function,
    require,
    require_floats,
    require_function,
    require_number,
    run_answer,
)

N_LOOKS, SPREAD = 4, 0.15  # of the last exercise: calls, and the spread of each spot
N_POINTS, GOAL = 4_000, 0.94


def check_1(answer: object) -> None:
    """Check the KL of a cloud of two numbers."""
    price = require_number(answer, "one number of nats")
    first = (1 + 0.25 - 1) / 2 - math.log(0.5)
    second = (4 + 1 - 1) / 2

    def is_near(value: float) -> bool:
        return abs(price - value) < 0.006

    require(price >= 0, "A divergence is never negative. Is the sign of the logarithm right?")
    require(not is_near(first), "That's the first number. The second isn't free, either.")
    require(not is_near(second), "That's the second number. The first isn't free, either.")
    require(not is_near((first + second) / 2), "Add the two prices up; that's their mean.")
    halved = (1 + 0.5 - 1) / 2 - math.log(0.5) + second
    require(not is_near(halved), "Square the spread in the first part.")
    whole = 1 + 0.25 - 1 - math.log(0.5) + 4
    require(not is_near(whole), "The sum of squares, minus 1, is halved.")
    squared = (1 + 0.25 - 1) / 2 - math.log(0.25) + second
    require(not is_near(squared), "It's the logarithm of the spread, not of its square.")
    bits = first + math.log(0.5) - math.log2(0.5) + second
    decimal = first + math.log(0.5) - math.log10(0.5) + second
    require(not is_near(bits) and not is_near(decimal), "Take the natural logarithm: math.log.")
    require(
        is_near(first + second),
        "For each of the two: half of (mean² + spread² − 1), minus ln of the spread. Then add.",
    )


def _pair(found: object, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return an answer of two tensors of a shape, else raise."""
    require(
        isinstance(found, tuple | list) and len(found) == 2,
        "Return two tensors.",
    )
    assert isinstance(found, tuple | list)
    return require_floats(found[0], shape=shape), require_floats(found[1], shape=shape)


def check_2(answer: object) -> None:
    """Check mixtures and velocities."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(2)
    for shape in ((5, 2), (3, 1, 4, 6), (4, 3, 5), (2, 2), (4, 4)):
        x0, x1 = torch.randn(2, *shape, generator=generator, dtype=torch.float64)
        t = torch.rand(shape[0], generator=generator, dtype=torch.float64)
        given = [x0.clone(), x1.clone(), t.clone()]
        x, velocity = _pair(run_answer(function, *given), shape)
        times = t.reshape(-1, *[1] * (len(shape) - 1))
        expected = (1 - times) * x0 + times * x1
        require(
            all(torch.equal(a, b) for a, b in zip(given, (x0, x1, t), strict=True)),
            "You changed the tensors that you were given.",
        )
        swapped = torch.allclose(x, x1 - x0) and torch.allclose(velocity, expected)
        require(not swapped, "First the mixtures, then the velocities.")
        backwards = times * x0 + (1 - times) * x1
        require(not torch.allclose(x, backwards), "At time 0 it should be all noise, x0.")
        require(
            not torch.allclose(velocity, x0 - x1),
            "The velocity goes from noise to data: its sign is wrong.",
        )
        require(
            not torch.allclose(velocity, x1 - expected),
            "That's how far it still has to go. The velocity is the same all the way.",
        )
        require(
            torch.allclose(x, expected, atol=1e-5),
            f"The mixtures are wrong for x0 of the shape {list(shape)}. Each example has a time "
            "of its own: give t as many axes as x0 has.",
        )
        require(
            torch.allclose(velocity, x1 - x0, atol=1e-5),
            "The velocity is the whole way, from x0 to x1, in a time of 1.",
        )


def check_3(answer: object) -> None:
    """Check noise and data, from a mixture and its velocity."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(3)
    for n, d in ((6, 3), (3, 3), (1, 5)):
        x0, x1 = torch.randn(2, n, d, generator=generator, dtype=torch.float64)
        t = 0.1 + 0.8 * torch.rand(n, generator=generator, dtype=torch.float64)
        times = t[:, None]
        x = (1 - times) * x0 + times * x1
        found = run_answer(function, x.clone(), t.clone(), x1 - x0)
        noise, data = _pair(found, (n, d))
        swapped = torch.allclose(noise, x1, atol=1e-5) and torch.allclose(data, x0, atol=1e-5)
        require(not swapped, "First the noise, then the data.")
        require(
            not torch.allclose(data, x + times * (x1 - x0)),
            "At time t, the time that's left is 1 − t.",
        )
        require(
            not torch.allclose(data, x + x1 - x0),
            "A whole velocity is the way from time 0. You're at time t already.",
        )
        require(
            not torch.allclose(noise, x - (1 - times) * (x1 - x0)),
            "To go back to the noise, go back for a time of t.",
        )
        require(
            torch.allclose(noise, x0, atol=1e-5),
            "The noise isn't right. From x, go back along the velocity until time 0; each row "
            "has a time of its own.",
        )
        require(
            torch.allclose(data, x1, atol=1e-5),
            "The data aren't right. From x, go on along the velocity until time 1; each row has "
            "a time of its own.",
        )


def check_4(answer: object) -> None:
    """Check Euler's walk."""
    function = require_function(answer)
    for n_steps in (3, 1, 8):
        start = torch.tensor([[1.0, -2.0], [0.5, 3.0], [2.0, 0.1]], dtype=torch.float64)
        times: list[float] = []

        def velocity(x: Tensor, t: object, times: list[float] = times) -> Tensor:
            now = require_number(t, "t as a number")
            times.append(now)
            return (1 + now) * torch.cos(x) - now * x

        def walk(offset: float, n_steps: int = n_steps, start: Tensor = start) -> Tensor:
            x = start.clone()
            for step in range(n_steps):
                now = (step + offset) / n_steps
                x = x + ((1 + now) * torch.cos(x) - now * x) / n_steps
            return x

        given = start.clone()
        found = run_answer(function, velocity, given, n_steps)
        require(torch.equal(given, start), "You changed the tensor that you were given.")
        found = require_floats(found, shape=(3, 2))
        require(bool(times), "You never called velocity.")
        require(
            len(times) == n_steps,
            f"For {n_steps} steps you called velocity {len(times)} times.",
        )
        require(
            not torch.allclose(found, walk(1.0)),
            "You ask for the velocity at the end of each step. Take the time at its beginning.",
        )
        expected_times = [step / n_steps for step in range(n_steps)]
        require(
            all(abs(a - b) < 1e-6 for a, b in zip(times, expected_times, strict=True)),
            f"The times should be {', '.join(f'{t:.2f}' for t in expected_times)}, but you asked "
            f"for {', '.join(f'{t:.2f}' for t in times)}.",
        )
        require(
            torch.allclose(found, walk(0.0), atol=1e-5),
            "Not yet. Each step lasts 1 / n_steps: add the velocity times that, from where you "
            "are then.",
        )


def check_5(answer: object) -> None:
    """Check guidance away from something."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(5)
    for shape in ((4, 2), (2, 1, 3, 3)):
        untold, told, unwanted = torch.randn(3, *shape, generator=generator, dtype=torch.float64)
        for w in (2.5, 1.0, 0.0):
            given = [untold.clone(), told.clone(), unwanted.clone()]
            found = require_floats(run_answer(function, *given, w), shape=shape)
            kept = zip(given, (untold, told, unwanted), strict=True)
            require(
                all(torch.equal(a, b) for a, b in kept), "You changed a tensor that you were given."
            )
            require(
                w == 0 or not torch.allclose(found, untold + w * (told - untold)),
                "That's the chapter's guidance. What isn't wanted plays no part in it yet.",
            )
            require(
                w == 0 or not torch.allclose(found, untold + w * (unwanted - told)),
                "That goes towards what isn't wanted.",
            )
            require(
                not torch.allclose(found, unwanted + w * (told - unwanted)),
                "Begin with the untold velocity, not with the unwanted one.",
            )
            require(
                not torch.allclose(found, told + w * (told - unwanted)),
                "Begin with the untold velocity: with w = 0, nothing else should be left.",
            )
            require(
                torch.allclose(found, untold + w * (told - unwanted), atol=1e-5),
                "Not yet: untold, plus w times (what you want, minus what you don't).",
            )


def check_6(answer: object) -> None:
    """Check the Fréchet distance of two bells with independent features."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(6)
    for n, m, d in ((40, 60, 3), (30, 30, 1), (9, 7, 5)):
        first = torch.randn(n, d, generator=generator, dtype=torch.float64) * 2 + 1
        second = torch.randn(m, d, generator=generator, dtype=torch.float64)
        found = require_number(
            run_answer(function, first.clone(), second.clone()), "one number, the distance"
        )
        shifts = (first.mean(dim=0) - second.mean(dim=0)) ** 2
        a, b = first.std(dim=0), second.std(dim=0)
        expected = (shifts.sum() + ((a - b) ** 2).sum()).item()

        def is_near(value: Tensor | float, found: float = found) -> bool:
            return abs(found - float(value)) < 1e-4 * (1 + abs(found))

        require(not is_near(shifts.sum()), "The spreads play no part in it yet.")
        require(not is_near(((a - b) ** 2).sum()), "The means play no part in it yet.")
        require(
            not is_near(shifts.sum() + ((a**2 - b**2) ** 2).sum()),
            "Compare the spreads, not their squares.",
        )
        require(d == 1 or not is_near(expected / d), "Add up over the features; don't average.")
        require(not is_near(expected**0.5), "Leave the root out: it's the sum of squares.")
        a, b = first.std(dim=0, correction=0), second.std(dim=0, correction=0)
        require(
            not is_near(shifts.sum() + ((a - b) ** 2).sum()),
            "Take the standard deviation of torch.std, which divides by N − 1.",
        )
        a, b = first.std(), second.std()
        whole = (first.mean() - second.mean()) ** 2 + (a - b) ** 2
        require(
            d == 1 or not is_near(whole),
            "Each feature has a mean and a spread of its own: go along axis 0.",
        )
        require(
            is_near(expected),
            "Not yet: for each feature (difference of means)² + (difference of spreads)², then "
            "add up.",
        )


def spots() -> Tensor:
    """Return the middles of the five spots, [5, 2]."""
    angles = math.pi / 2 + 2 * math.pi * torch.arange(5, dtype=torch.float64) / 5
    return 2.2 * torch.stack([angles.cos(), angles.sin()], dim=1)


def exact_velocity(x: Tensor, t: float) -> Tensor:
    """Return the mean of data minus noise over all lines through points [N, 2] at a time."""
    variance = (1 - t) ** 2 + (t * SPREAD) ** 2
    slope = (t * SPREAD**2 - (1 - t)) / variance
    away = x[:, None] - t * spots()  # [N, 5, 2]
    weights = (-(away**2).sum(dim=2) / (2 * variance)).softmax(dim=1)
    return (weights[:, :, None] * (spots() + slope * away)).sum(dim=1)


def share_arrived(x: Tensor) -> float:
    """Return the share of points within three spreads of a spot."""
    return (torch.cdist(x, spots()).min(dim=1).values <= 3 * SPREAD).double().mean().item()


class _Looks:
    """The velocity, which counts how often it's asked."""

    def __init__(self, n_points: int) -> None:
        self.n, self.n_points = 0, n_points

    def __call__(self, x: object, t: object) -> Tensor:
        points = require_floats(x, shape=(self.n_points, 2))
        now = require_number(t, "t as a number")
        require(0 <= now <= 1, f"The time goes from 0 to 1, but you asked for {now:.2f}.")
        self.n += 1
        require(self.n <= N_LOOKS, f"You may call velocity {N_LOOKS} times, and not more.")
        return exact_velocity(points, now)


def _arrive(function: Function, noise: Tensor) -> Tensor:
    looks = _Looks(len(noise))
    found = run_answer(function, looks, noise.clone())
    require(looks.n > 0, "You never called velocity.")
    return require_floats(found, shape=(len(noise), 2))


def check_7(answer: object) -> None:
    """Check a walk of four looks at the velocity."""
    function = require_function(answer)
    noise = torch.randn(
        N_POINTS, 2, generator=torch.Generator().manual_seed(7), dtype=torch.float64
    )
    x = _arrive(function, noise)
    share = share_arrived(x)
    at_home = torch.bincount(torch.cdist(x, spots()).argmin(dim=1), minlength=5) / N_POINTS
    require(
        share > 0.5,
        f"{100 * share:.1f} % arrive. Do your steps add up to a time of 1, and does each ask for "
        "the velocity at its own time?",
    )
    require(
        bool((at_home > 0.1).all()),
        "Some spot gets hardly any points. Noise should find its way to all five.",
    )
    require(
        share >= GOAL,
        f"{100 * share:.1f} % arrive. Where do the points still have far to go when you look for "
        "the last time? Try shorter steps there, and longer ones elsewhere.",
    )
    print(f"{100 * share:.1f} % of {N_POINTS:,} points arrive, in {N_LOOKS} looks at most")


CHECKS: dict[str, Check] = {
    "22-1": check_1,
    "22-2": check_2,
    "22-3": check_3,
    "22-4": check_4,
    "22-5": check_5,
    "22-6": check_6,
    "22-7": check_7,
}
