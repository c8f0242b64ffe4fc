"""Inputs with their targets, and how to split them."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Examples:
    """Inputs and targets that belong together, row by row.

    Attributes:
        inputs: a tensor of shape [N, ...], any dtype.
        targets: a tensor of shape [N, ...], any dtype; class labels are int64 of shape [N].

    Raises:
        ValueError: the two have different lengths, or one is a single number.
    """

    inputs: Tensor
    targets: Tensor

    def __post_init__(self) -> None:
        if self.inputs.ndim == 0 or self.targets.ndim == 0:
            raise ValueError(
                "inputs and targets need a first dimension that counts the examples, but have the "
                f"shapes {list(self.inputs.shape)} and {list(self.targets.shape)}"
            )
        if len(self.inputs) != len(self.targets):
            raise ValueError(
                f"inputs and targets must have the same length, but there are {len(self.inputs):,} "
                f"inputs (shape {list(self.inputs.shape)}) and {len(self.targets):,} targets "
                f"(shape {list(self.targets.shape)})"
            )

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: Tensor | slice) -> "Examples":
        """Select rows with a slice, a mask or a tensor of indices."""
        if isinstance(index, int):
            raise TypeError(
                f"Examples[{index}] is ambiguous; for one example write examples.inputs[{index}] "
                f"and examples.targets[{index}], for several a slice such as examples[:{index}]"
            )
        return Examples(self.inputs[index], self.targets[index])


@dataclass(frozen=True)
class Splits:
    """A data set in three parts.

    Attributes:
        train: what the model learns from.
        valid: what decides between models, settings and epochs.
        test: for the final result, used once.
        classes: the name of each label, in order; empty where targets are not labels.
    """

    train: Examples
    valid: Examples
    test: Examples
    classes: tuple[str, ...] = ()


def split(examples: Examples, sizes: tuple[int, ...], seed: int = 0) -> tuple[Examples, ...]:
    """Split at random into disjoint parts that leave no example out.

    Args:
        examples: what to split, N examples.
        sizes: the number of examples in each part; each at least 1, together N.
        seed: the same seed gives the same split.

    Raises:
        ValueError: the sizes do not add up to N, or one is below 1.
    """
    _check_sizes(examples, sizes)
    order = torch.randperm(len(examples), generator=torch.Generator().manual_seed(seed))
    order = order.to(examples.inputs.device)
    return tuple(examples[part] for part in order.split(sizes))


def split_by_class(
    examples: Examples, sizes: tuple[int, ...], seed: int = 0
) -> tuple[Examples, ...]:
    """Split at random, with the same share of each class in every part (*stratified*).

    With two parts, the number of examples of a class is its exact share, rounded up or down. With K
    parts, it is less than K - 1 away from it, because each part is drawn from what those before it
    left. Within a part the examples keep their order.

    Args:
        examples: what to split, N examples; the targets are labels of shape [N].
        sizes: the number of examples in each part; each at least 1, together N.
        seed: the same seed gives the same split.

    Raises:
        ValueError: the sizes do not add up to N, or one is below 1.
    """
    _check_sizes(examples, sizes)
    order = torch.randperm(len(examples), generator=torch.Generator().manual_seed(seed))
    rest = order[examples.targets.cpu()[order].argsort(stable=True)]  # class by class
    parts = []
    for size in sizes:
        # Walk along `rest` and take one whenever the share that is due passes a whole number.
        due = torch.arange(len(rest) + 1) * size // len(rest)
        taken = due[1:] > due[:-1]
        parts.append(rest[taken].sort().values)
        rest = rest[~taken]
    return tuple(examples[part.to(examples.inputs.device)] for part in parts)


def _check_sizes(examples: Examples, sizes: tuple[int, ...]) -> None:
    if sum(sizes) != len(examples) or min(sizes) < 1:
        raise ValueError(
            f"sizes must each be at least 1 and add up to the {len(examples):,} examples, "
            f"but are {sizes}"
        )
