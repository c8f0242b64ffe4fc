"""What the checks of all chapters share: the hint, and tests that answers often fail."""

import math
import random
from collections import Counter
from collections.abc import Callable
from numbers import Real
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

Check = Callable[[object], None]
Function = Callable[..., Any]
T = TypeVar("T")


class WrongAnswerError(Exception):
    """The answer is not right yet; the message is a hint."""

    def _render_traceback_(self) -> list[str]:
        """Show the hint alone in a notebook: the way through our checks is no help to a reader."""
        return [f"✗ Not yet. {self}"]


class Operations(TorchDispatchMode):
    """Counts PyTorch's operations, whatever function or operator calls them."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        self.calls[func.overloadpacket.__name__] += 1
        return func(*args, **(kwargs or {}))


def random_states() -> dict[str, Any]:
    """Return the states of the random numbers that everybody shares, by library, to compare."""
    numpy_state = np.random.get_state(legacy=False)
    return {
        "PyTorch": torch.get_rng_state().tolist(),
        "NumPy": (numpy_state["state"]["key"].tolist(), numpy_state["state"]["pos"]),
        "Python": random.getstate(),
    }


def require(condition: bool, hint: str) -> None:
    """Raise WrongAnswerError with `hint` unless `condition` holds."""
    if not condition:
        raise WrongAnswerError(hint)


def require_given(answer: object) -> None:
    """Raise WrongAnswerError while the three dots still stand where the answer should be."""
    if answer is None or answer is ...:
        raise WrongAnswerError("There is no answer yet: put yours where the three dots are.")


def as_whole(value: Any) -> Any:
    """Return a whole number of any type (NumPy's, a tensor, 5.0) as an int, else the value."""
    if isinstance(value, Tensor | np.ndarray | np.generic):
        try:
            value = value.item()
        except (RuntimeError, ValueError):  # more than one number
            return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def require_two_whole_numbers(answer: object, example: tuple[int, int]) -> tuple[int, int]:
    """Return the answer if it is a pair of whole numbers such as `example`, else raise."""
    require_given(answer)
    if isinstance(answer, Tensor | np.ndarray):
        answer = answer.tolist()
    expected = f"The answer should be two whole numbers, such as {example}"
    require(isinstance(answer, tuple | list) and len(answer) == 2, f"{expected}.")
    first, second = map(as_whole, answer)  # type: ignore[arg-type]
    for number in (first, second):
        require(isinstance(number, int), f"{expected}, but {number!r:.60} isn't a whole number.")
    return first, second


def require_type(answer: object, kind: type[T], hint: str = "") -> T:
    """Return the answer if it is of the expected kind, else raise WrongAnswerError."""
    require_given(answer)
    expected = f"The answer should be a {kind.__name__}, but it is a {type(answer).__name__}."
    require(isinstance(answer, kind), f"{expected} {hint}".strip())
    return answer


def require_tensor(
    answer: object, *, shape: tuple[int, ...] | None = None, dtype: torch.dtype | None = None
) -> Tensor:
    """Return the answer if it is a tensor of the expected shape and dtype, else raise."""
    tensor = require_type(answer, Tensor)
    if shape is not None:
        require(
            tuple(tensor.shape) == shape,
            f"The shape should be {list(shape)}, but it is {list(tensor.shape)}.",
        )
    if dtype is not None:
        require(tensor.dtype == dtype, f"The dtype should be {dtype}, but it is {tensor.dtype}.")
    return tensor


def require_number(answer: object, expected: str = "one number") -> float:
    """Return one number as a float, be it Python's, NumPy's or PyTorch's, else raise."""
    require_given(answer)
    if isinstance(answer, Tensor | np.ndarray | np.generic) and math.prod(answer.shape) == 1:
        answer = answer.item()
    require(
        isinstance(answer, Real) and not isinstance(answer, bool),
        f"The answer should be {expected}, but it is {answer!r:.60}.",
    )
    return float(answer)  # type: ignore[arg-type]


def as_floats(value: object) -> np.ndarray | None:
    """Return numbers as float64, be they in a tensor, an array or lists; else None."""
    if isinstance(value, Tensor):
        value = value.detach().cpu().double().numpy()
    try:
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError):
        return None


def require_floats(answer: object, shape: tuple[int, ...] | None = None) -> Tensor:
    """Return numbers as a float64 tensor, be they in a tensor, an array or lists, else raise."""
    if isinstance(answer, list | tuple | np.ndarray):
        array = as_floats(answer)
        answer = list(answer) if array is None else torch.from_numpy(array)
    return require_tensor(answer, shape=shape).detach().cpu().double()


def require_function(answer: object) -> Function:
    """Return the answer if it is a function, else raise WrongAnswerError."""
    if answer is None or answer is ...:
        raise WrongAnswerError("There is no answer yet: write the function `answer` first.")
    require(
        callable(answer),
        f"The answer should be a function, but it is a {type(answer).__name__}. Pass the function "
        "itself, without calling it.",
    )
    return answer


def run_answer(function: Function, *arguments: object) -> Any:
    """Call the reader's function; its error becomes a hint, its silence too."""
    try:
        result = function(*arguments)
    except Exception as error:
        shapes = [list(a.shape) for a in arguments if isinstance(a, Tensor)]
        given = f" on inputs of shape {' and '.join(map(str, shapes))}" if shapes else ""
        message = str(error).splitlines()[0] if str(error) else "no message"
        raise WrongAnswerError(
            f"Your function stopped{given} with {type(error).__name__}: {message}"
        ) from error
    require(result is not None and result is not ..., "The function returns nothing yet.")
    return result
