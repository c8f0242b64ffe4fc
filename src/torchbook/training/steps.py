"""What a model learns from a batch: a sum of losses, a count, and sums of metrics.

A *step* maps a model and a batch to a `StepResult`. All that `fit` knows of a task is its step, so
a task of another kind (masked words, pairs, sequences) needs another step and no other loop. Sums
and counts are added up over batches, accumulated batches and processes before anything is divided:
the result is the same however the data is cut into batches.
"""

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from torchbook.metrics import count_correct, count_matches
from torchbook.training.checks import check_inputs, check_labels

Count = Tensor | int | float


class StepResult(NamedTuple):
    """What a batch comes to.

    Attributes:
        loss_sum: the sum of the losses, a tensor of shape [] with a gradient.
        count: how many losses were summed, or the sum of their weights. The loss that training
            minimises is the sum of all sums divided by the sum of all counts.
        metric_sums: for each metric its sum and its own count.
    """

    loss_sum: Tensor
    count: Count
    metric_sums: Mapping[str, tuple[Count, Count]] = {}


Step = Callable[[nn.Module, Any], StepResult]
# Maps outputs and targets to a sum and a count.
Metric = Callable[[Tensor, Tensor], tuple[Count, Count]]
LossFunction = nn.Module | Metric

# Losses that PyTorch averages over every element of the outputs.
ELEMENTWISE = (
    nn.BCELoss,
    nn.BCEWithLogitsLoss,
    nn.HuberLoss,
    nn.L1Loss,
    nn.MSELoss,
    nn.SmoothL1Loss,
)


class SupervisedStep:
    """The ordinary step: batches are (inputs, targets), and the model maps inputs to outputs.

    Args:
        loss_fn: one of PyTorch's losses with `reduction="mean"`: `nn.CrossEntropyLoss` (the
            default), `nn.NLLLoss` (both also with class weights and ignored targets) or one that
            works element by element, such as `nn.MSELoss`. Or a function that maps outputs and
            targets to the sum of the losses and their count.
        metrics: by name, functions that map outputs and targets to a sum and a count; by default
            the accuracy.

    Raises:
        TypeError: the loss is another one, whose count is not known.
    """

    def __init__(
        self,
        loss_fn: LossFunction | None = None,
        metrics: Mapping[str, Metric] | None = None,
    ) -> None:
        self.loss_fn = nn.CrossEntropyLoss() if loss_fn is None else loss_fn
        self.ignore_index = getattr(self.loss_fn, "ignore_index", -100)
        # Then loss and accuracy have the same count, which is worked out once.
        self.count_is_shared = (
            metrics is None
            and isinstance(self.loss_fn, nn.CrossEntropyLoss)
            and self.loss_fn.weight is None
        )
        if metrics is None:
            metrics = {"accuracy": partial(count_correct, ignore_index=self.ignore_index)}
        self.metrics = dict(metrics)
        self._sum_and_count = _sum_and_count(self.loss_fn)

    def __call__(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> StepResult:
        """Return loss and metrics of a batch of inputs [B, ...] and targets [B, ...]."""
        inputs, targets = batch
        outputs = model(inputs)
        loss_sum, count = self._sum_and_count(outputs, targets)
        seen = outputs.detach()
        if self.count_is_shared:
            n_correct = count_matches(seen, targets, self.ignore_index)
            return StepResult(loss_sum, count, {"accuracy": (n_correct, count)})
        sums = {name: metric(seen, targets) for name, metric in self.metrics.items()}
        return StepResult(loss_sum, count, sums)

    def for_batches(self, source: object) -> "SupervisedStep":
        """Return the step for batches as they are now: if none is ignored, targets aren't counted.

        Args:
            source: where the batches come from. If it can't say whether it has a target, as
                `Batches.has_target` does, the step stays as it is.
        """
        has_target = getattr(source, "has_target", None)
        if not self.count_is_shared or has_target is None or has_target(self.ignore_index):
            return self
        step = copy.copy(self)
        step._sum_and_count = _sum_and_count(self.loss_fn, all_count=True)
        return step

    def __repr__(self) -> str:
        names = ", ".join(["loss", *self.metrics])
        loss = getattr(self.loss_fn, "__qualname__", repr(self.loss_fn))
        return f"SupervisedStep({loss}; {names})"

    def check(self, model: nn.Module, batch: Any, source: object) -> None:
        """Look at the first batch, before a mistake in it does harm.

        A label out of range would stop a CUDA process for good. The model is asked for two samples.

        Args:
            model: as in training.
            batch: the first one.
            source: where the batches come from; if it has all `targets`, all labels are checked.

        Raises:
            TypeError: the batch is not a pair, or the inputs are bytes and the weights floats.
            ValueError: a label is out of range.
        """
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise TypeError(
                f"a batch must be a pair of inputs and targets, but is a {type(batch).__name__}; "
                "for batches of another kind, give fit a step of your own"
            )
        inputs, targets = batch
        check_inputs(inputs, model)
        if isinstance(self.loss_fn, nn.CrossEntropyLoss):
            targets = getattr(source, "targets", targets)
            check_labels(targets, inputs, model, self.loss_fn.ignore_index)


def _sum_and_count(loss_fn: LossFunction, all_count: bool = False) -> Metric:
    """Return a function from outputs and targets to the sum of the losses and their count."""
    if not isinstance(loss_fn, nn.Module):
        return _checked_pair(loss_fn)
    is_class_loss = isinstance(loss_fn, nn.CrossEntropyLoss | nn.NLLLoss)
    if not is_class_loss and not isinstance(loss_fn, ELEMENTWISE):
        raise TypeError(
            f"it isn't known what a {type(loss_fn).__name__} is a mean of: give a function that "
            "returns the sum of the losses and their count"
        )
    if loss_fn.reduction != "mean":
        raise TypeError(
            f'loss_fn must have reduction="mean", but has {loss_fn.reduction!r}: the sum of the '
            "losses and their count are worked out from it"
        )
    summed = copy.deepcopy(loss_fn)
    summed.reduction = "sum"
    if all_count:
        return lambda outputs, targets: (summed(outputs, targets), targets.numel())
    if is_class_loss:
        return lambda outputs, targets: (
            summed(outputs, targets),
            _weight_of_classes(summed, outputs, targets),
        )
    return lambda outputs, targets: (
        summed(outputs, _same_shape(outputs, targets)),
        outputs.numel(),
    )


def _weight_of_classes(loss_fn: nn.Module, outputs: Tensor, targets: Tensor) -> Count:
    """Return what PyTorch divides a class loss by: the targets that count, by their weights."""
    if targets.is_floating_point():  # probabilities of the classes: one loss for each sample
        return outputs.numel() // outputs.shape[1 if outputs.ndim > 1 else 0]
    counted = targets != loss_fn.ignore_index
    if loss_fn.weight is None:
        return counted.count_nonzero()
    return (loss_fn.weight[targets * counted] * counted).sum()


def _same_shape(outputs: Tensor, targets: Tensor) -> Tensor:
    if outputs.shape != targets.shape:
        raise ValueError(
            f"outputs and targets must have the same shape, but have {list(outputs.shape)} and "
            f"{list(targets.shape)}: every output would be compared with every target"
        )
    return targets


def _checked_pair(loss_fn: Metric) -> Metric:
    def pair(outputs: Tensor, targets: Tensor) -> tuple[Count, Count]:
        result = loss_fn(outputs, targets)
        if not isinstance(result, tuple):
            raise TypeError(
                "a function as loss_fn must return the sum of the losses and their count, but "
                f"{getattr(loss_fn, '__name__', loss_fn)} returned a {type(result).__name__}. In "
                "place of torch.nn.functional.cross_entropy, give torch.nn.CrossEntropyLoss()"
            )
        return result

    return pair


def ctc_step(model: nn.Module, batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> StepResult:
    """Learn sequences from inputs of which no one says where what is (CTC, with 0 as the blank).

    Args:
        model: maps inputs to logits, shape [B, T, symbols].
        batch: inputs [B, ...]; how many of the T frames count, [B]; targets [B, S], padded, from 1
            on; and how many of them count, [B].

    Returns:
        The sum of the strings' losses, and the number of their symbols. Strings with too few frames
        for their symbols, whose loss would be infinite, count for nothing.
    """
    inputs, n_frames, targets, target_lengths = batch
    log_shares = model(inputs).log_softmax(dim=2).transpose(0, 1)  # [T, B, symbols]
    loss_sum = nn.functional.ctc_loss(
        log_shares, targets, n_frames, target_lengths, reduction="sum", zero_infinity=True
    )
    # Two of the same symbol in a row need a blank between them, and so one more frame.
    repeats = targets[:, 1:] == targets[:, :-1]
    places = torch.arange(1, targets.shape[1], device=targets.device)
    n_repeats = (repeats & (places < target_lengths[:, None])).sum(dim=1)
    fits = n_frames >= target_lengths + n_repeats
    return StepResult(loss_sum, (target_lengths * fits).sum())


class Sums:
    """Adds up results. It stays on the device, as one sum and one count for each quantity."""

    def __init__(self) -> None:
        self.totals: dict[str, list[Count]] = {}

    def add(self, result: StepResult) -> None:
        """Add what a batch came to."""
        self._add("loss", result.loss_sum.detach(), result.count)
        for name, (total, count) in result.metric_sums.items():
            self._add(name, total, count)

    def _add(self, name: str, total: Count, count: Count) -> None:
        if name in self.totals:
            totals = self.totals[name]
            totals[0] = totals[0] + total
            totals[1] = totals[1] + count
        else:
            self.totals[name] = [_wide(total), _wide(count)]

    def state_dict(self) -> dict[str, list[Count]]:
        """Return the sums so far, for a checkpoint."""
        return {name: list(total) for name, total in self.totals.items()}

    def load_state_dict(self, state: Mapping[str, list[Count]], device: torch.device) -> None:
        """Go on from sums that `state_dict` returned."""
        self.totals = {
            name: [v.to(device) if isinstance(v, Tensor) else v for v in total]
            for name, total in state.items()
        }

    def as_tensor(self, device: torch.device) -> Tensor:
        """Return all sums and counts, shape [2 * quantities], without waiting for the device."""
        values = [value for total in self.totals.values() for value in total]
        dtype = widest(device)
        return torch.stack(
            [
                v.to(device, dtype)
                if isinstance(v, Tensor)
                else torch.full((), v, dtype=dtype, device=device)
                for v in values
            ]
        )

    def means(self, sums: list[float]) -> dict[str, float]:
        """Divide sums that `as_tensor` returned; a mean of nothing is nan."""
        return {
            name: total / count if count else float("nan")
            for name, total, count in zip(self.totals, sums[::2], sums[1::2], strict=True)
        }


def _wide(value: Count) -> Count:
    """Return a copy in which a hundred million samples add up without losing one."""
    if not isinstance(value, Tensor):
        return value
    dtype = widest(value.device) if value.is_floating_point() else torch.int64
    return value.to(dtype, copy=True)


def widest(device: torch.device) -> torch.dtype:
    """Return the widest floating-point type of a device: Apple's GPUs have no float64."""
    return torch.float32 if device.type == "mps" else torch.float64
