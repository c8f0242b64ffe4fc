"""Checks for the exercises of chapter 10, autograd."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchbook.book.exercises.answers import (
    Check,
    as_floats,
    require,
    require_function,
    require_given,
    require_number,
    require_two_whole_numbers,
    run_answer,
)


def _array(result: object, shape: tuple[int, ...], what: str = "The result") -> np.ndarray:
    """Return an array of this shape as float64, be it NumPy's, PyTorch's or a list."""
    array = as_floats(result)
    require(array is not None, f"{what} should be an array, but it is a {type(result).__name__}.")
    require(
        array.shape == shape,
        f"{what} should have the shape {list(shape)}, but it has {list(array.shape)}.",
    )
    return array


def _close(one: np.ndarray, other: np.ndarray, tolerance: float = 1e-9) -> bool:
    return np.allclose(one, other, rtol=tolerance, atol=tolerance)


def check_1(answer: object) -> None:
    """Check the gradients of c * d, with c = a + b and d = a * b, at 2 and 3."""
    of_a, of_b = require_two_whole_numbers(answer, example=(25, 19))
    require(
        (of_a, of_b) != (25, 19), "Those belong to the chapter's y. This one has the product alone."
    )
    require((of_a, of_b) != (16, 21), "Both are there. Which is whose?")
    require((of_a, of_b) != (6, 6), "That is the way by c. Another way leads by d.")
    require((of_a, of_b) != (15, 10), "That is the way by d. Another way leads by c.")
    require((of_a, of_b) != (5, 6), "Those are c and d themselves. How do they depend on a and b?")
    require(of_a == 21, "Check a: one path by c, one by d. Multiply along each, then add the two.")
    require(of_b == 16, "a is right. The slope of d with respect to b is a.")


def check_2(answer: object) -> None:
    """Check tanh with its way back."""
    function = require_function(answer)
    draw = np.random.default_rng(2)
    for shape in ((5,), (3, 4), (2, 1, 3)):
        x, gradient = draw.normal(size=shape), draw.normal(size=shape)
        both = run_answer(function, x.copy())
        require(
            isinstance(both, tuple | list) and len(both) == 2 and callable(both[1]),
            "Return two things: the result, and a function for the way back.",
        )
        result, back = _array(both[0], shape), both[1]
        require(_close(result, np.tanh(x)), "The way forward isn't tanh yet.")
        given = run_answer(back, gradient.copy())
        if isinstance(given, tuple | list) and len(given) == 1:  # as our class wants it
            given = given[0]
        given = _array(given, shape, "What the way back returns")
        slope = 1 - np.tanh(x) ** 2
        require(not _close(given, slope), "That's the slope. Whose gradient should it multiply?")
        require(
            not _close(given, gradient * (1 - x**2)),
            "1 minus the square of the result, not of x.",
        )
        require(
            not _close(given, gradient * (1 - np.tanh(gradient) ** 2)),
            "The slope is that at x. You took it at the gradient.",
        )
        require(not _close(given, gradient * np.tanh(x)), "That multiplies by the result itself.")
        require(_close(given, gradient * slope), "The way back isn't right yet. Nudge it.")


def check_3(answer: object) -> None:
    """Check the way back of broadcasting."""
    function = require_function(answer)
    draw = np.random.default_rng(3)
    for big, shape in (
        ((4, 3), (3,)),
        ((4, 3), (4, 1)),
        ((4, 3), (1, 3)),
        ((4, 3), (4, 3)),
        ((2, 4, 3), (4, 1)),
        ((5, 2, 3), ()),
        ((2, 1, 3), (1, 1, 3)),
        ((3, 3), (3,)),
    ):
        gradient = draw.normal(size=big)
        expected = gradient.copy()
        while expected.ndim > len(shape):
            expected = expected.sum(axis=0)
        for axis, size in enumerate(shape):
            if size == 1:
                expected = expected.sum(axis=axis, keepdims=True)
        result = _array(run_answer(function, gradient.copy(), shape), shape)
        require(
            not _close(result * (math.prod(big) / max(math.prod(shape), 1)), expected)
            or _close(result, expected),
            "That's the mean over the copies. All of them count: add.",
        )
        require(
            _close(result, expected),
            f"A gradient of shape {list(big)} isn't added up right for an input of {list(shape)}. "
            "Missing axes are in front; axes of size 1 stay.",
        )


def check_4(answer: object) -> None:
    """Check a gradient by nudging."""
    function = require_function(answer)
    x = np.array([0.3, -1.2, 2.0, 0.7])
    weights = np.array([1.0, -2.0, 0.5, 3.0])

    def bent(v: np.ndarray) -> float:
        return float((weights * v**3).sum() + v[0] * v[1])

    true = 3 * weights * x**2 + np.array([x[1], x[0], 0, 0])
    given = x.copy()
    result = _array(run_answer(function, bent, given), x.shape)
    require(np.array_equal(given, x), "You left x changed. Put each number back after its nudge.")
    require(not _close(result, 2 * true, 1e-4), "Twice as large: up and down are 2 nudges apart.")
    require(not _close(result, -true, 1e-4), "The sign is wrong: take down from up.")
    require(
        _close(result, true, 1e-2),
        "Nudge one number at a time, by the same small amount up and down.",
    )
    require(
        _close(result, true, 1e-6),
        "Nearly, but not to six digits. Did you nudge up only, or by too much or too little?",
    )
    steep = run_answer(function, lambda v: float(1e4 * ((v - x) ** 2).sum()), x.copy())
    require(
        _close(_array(steep, x.shape), np.zeros_like(x), 1e-6),
        "At the bottom of a steep valley the gradient is 0, and yours isn't. Nudge up and down.",
    )
    longer = np.linspace(-1, 1, 7)
    result = _array(run_answer(function, lambda v: float(np.sin(v).sum()), longer), longer.shape)
    require(_close(result, np.cos(longer), 1e-6), "It fails for sin. Is something fixed in size?")


def check_5(answer: object) -> None:
    """Check a Function that clips gradients."""
    require_given(answer)
    require(
        isinstance(answer, type) and issubclass(answer, torch.autograd.Function),
        "The answer should be a class made from torch.autograd.Function; pass the class itself.",
    )
    start = torch.tensor([-3.0, 0.2, 5.0, 0.0, 1.5], dtype=torch.float64, requires_grad=True)
    gradient = torch.tensor([2.0, -0.5, -4.0, 0.25, 1.0], dtype=torch.float64)
    result = run_answer(answer.apply, start)
    require(isinstance(result, Tensor), "forward should return a tensor.")
    require(
        result.shape == start.shape and torch.equal(result.detach(), start.detach()),
        "The way forward changes the numbers. Only the way back should.",
    )

    def go_back() -> Tensor:
        return torch.autograd.grad(result, start, incoming)[0]

    incoming = gradient.clone()
    given = run_answer(go_back)
    require(
        torch.equal(incoming, gradient),
        "You changed the gradient that you were given. Others may need it: return a new one.",
    )
    require(not torch.equal(given, gradient), "The way back limits nothing yet.")
    require(
        not torch.allclose(given, gradient / gradient.norm()),
        "That scales the whole gradient. Each number should be limited by itself.",
    )
    require(
        not torch.allclose(given, gradient.sign()),
        "That keeps the signs alone. A number that is small enough should pass unchanged.",
    )
    require(
        not torch.allclose(given, gradient.clamp(0, 1)),
        "Negative ones have a limit, too, and it's -1.",
    )
    require(
        not torch.allclose(given, gradient * (start.detach().abs() <= 1)),
        "That looks at x. It's the gradient that should be limited.",
    )
    require(
        torch.allclose(given, gradient.clamp(-1, 1)),
        "What comes back isn't each number, limited to between -1 and 1.",
    )


class _Made:
    """A number without a birthday."""

    def __init__(self, made_from: Iterable["_Made"] = ()) -> None:
        self.made_from = tuple(made_from)


def check_6(answer: object) -> None:
    """Check an order of the graph that needs no birth numbers."""
    function = require_function(answer)
    a, b = _Made(), _Made()
    c, d = _Made((a, b)), _Made((a, b))
    square = _Made((c, c))
    chain = a
    for _ in range(5000):
        chain = _Made((chain,))
    late = _Made((c, _Made((a,))))
    graphs = [a, c, _Made((_Made((c, d)), d)), square, late, chain, _Made((chain, a))]
    for result in graphs:
        order = run_answer(function, result)
        require(
            isinstance(order, list | tuple) and all(isinstance(v, _Made) for v in order),
            "Return a list of the values.",
        )
        places = {id(value): place for place, value in enumerate(order)}
        require(len(places) == len(order), "A value is in the list twice. Each has one turn.")
        require(id(result) in places, "The result itself is missing.")
        for value in order:
            for parent in value.made_from:
                require(id(parent) in places, "An ancestor is missing.")
                require(
                    places[id(parent)] > places[id(value)],
                    "Somebody passes on too early: a value comes before one that was made from "
                    "it. The youngest are first.",
                )


def _own(function: Callable[..., Any], name: str) -> Any:
    """Return what a name means where the function was written."""
    found = getattr(function, "__globals__", {}).get(name)
    require(found is not None, f"Your notebook has no {name}: run the cell of section 3 first.")
    return found


def check_7(answer: object) -> None:
    """Check a dot product in one value."""
    function = require_function(answer)
    value_class = _own(function, "Value")
    draw = np.random.default_rng(7)
    for n in (1, 2, 5, 40):
        us, vs = ([value_class(float(x)) for x in draw.normal(size=n)] for _ in range(2))
        before = getattr(value_class, "made", 0)
        result = run_answer(function, list(us), list(vs))
        made = getattr(value_class, "made", 0) - before
        _check_dot(result, us, vs, value_class)
        require(made <= 1, "You made more values on the way than the one that you return.")
    u, v = value_class(3.0), value_class(4.0)
    _check_dot(run_answer(function, [u, u], [u, v]), [u, u], [u, v], value_class)


def _check_dot(result: Any, us: list[Any], vs: list[Any], value_class: type) -> None:
    require(
        isinstance(result, value_class),
        f"The function should return one Value, but it returns a {type(result).__name__}.",
    )
    data = require_number(result.data, "a number in `data`")
    require(
        math.isclose(data, sum(u.data * v.data for u, v in zip(us, vs, strict=True)), abs_tol=1e-9),
        "The number itself is wrong: multiply in pairs, and add.",
    )
    inputs = {id(value) for value in (*us, *vs)}
    require(
        all(id(parent) in inputs for parent in result.made_from) and len(result.made_from) > 0,
        "There are values in between. One Value, made from the inputs themselves.",
    )
    gradients: dict[int, float] = dict.fromkeys(inputs, 0.0)
    require(
        len(result.made_from) == len(result.slopes),
        "Each value in made_from needs a slope.",
    )
    for parent, slope in zip(result.made_from, result.slopes, strict=True):
        gradients[id(parent)] += require_number(slope, "a number for each slope")
    expected: dict[int, float] = dict.fromkeys(inputs, 0.0)
    for u, v in zip(us, vs, strict=True):
        expected[id(u)] += v.data
        expected[id(v)] += u.data
    right = {key: math.isclose(gradients[key], expected[key], abs_tol=1e-9) for key in inputs}
    require(
        any(right.values()) or not all(math.isclose(g, 1.0) for g in gradients.values()),
        "Slopes of 1 belong to a sum. What is the slope of a product?",
    )
    require(
        all(right.values()),
        "The number is right, the slopes aren't: the slope of each number is its partner.",
    )


CHECKS: dict[str, Check] = {
    "10-1": check_1,
    "10-2": check_2,
    "10-3": check_3,
    "10-4": check_4,
    "10-5": check_5,
    "10-6": check_6,
    "10-7": check_7,
}
