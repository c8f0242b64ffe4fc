"""The whole training: epochs, validation, checkpoints, and how it goes on after a break."""

import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from torchbook.device import device_of
from torchbook.training import checkpoint as checkpoints
from torchbook.training import distributed
from torchbook.training.checks import Batch, LossFunction, checked
from torchbook.training.history import Evaluation, History, Mode
from torchbook.training.loop import (
    ACCURACY,
    DivergedError,
    Metric,
    Total,
    check_finite,
    measure,
    read,
    train_steps,
)
from torchbook.training.precision import Name, Precision
from torchbook.training.progress import Progress


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C was pressed; the message says how to go on."""


@dataclass(frozen=True)
class State:
    """What a callback gets to see after each epoch.

    Attributes:
        epoch: the number of the epoch that has just ended, from 1.
        step: optimiser steps, in all epochs together.
        model: the model, in evaluation mode.
        optimizer: the optimiser.
        history: the table so far; its last row is this epoch.
    """

    epoch: int
    step: int
    model: nn.Module
    optimizer: Optimizer
    history: History


Callback = Callable[[State], bool | None]


def fit(
    model: nn.Module,
    train_batches: Iterable[Batch],
    valid_batches: Iterable[Batch],
    optimizer: Optimizer,
    *,
    epochs: int,
    loss_fn: LossFunction = nn.functional.cross_entropy,
    metrics: Mapping[str, Metric] = ACCURACY,
    scheduler: LRScheduler | ReduceLROnPlateau | None = None,
    schedule: Literal["step", "epoch"] = "step",
    precision: Name = "float32",
    compile: bool = False,
    clip_norm: float | None = None,
    accumulate: int = 1,
    monitor: str = "valid_loss",
    mode: Mode = "min",
    patience: int | None = None,
    keep_best: bool = False,
    callbacks: Sequence[Callback] = (),
    checkpoint: Path | str | None = None,
    checkpoint_every: int | None = None,
    resume: bool = False,
    config: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> History:
    """Train for a number of epochs, and measure on the validation split after each.

    Losses and metrics stay on the device and are read once an epoch. Under torchrun, in
    `torchbook.training.distributed.world()`, the processes train together.

    Args:
        model: maps a batch of inputs to outputs, such as logits [B, C]; changed in place.
        train_batches: yields (inputs [B, ...], targets [B, ...]) on the model's device. For a
            checkpoint it must be able to say where it is (`state_dict`), as `Batches` is.
        valid_batches: the same for the validation split.
        optimizer: holds the model's parameters.
        epochs: how often to go through the training split, at least 1, epochs before a resume
            included.
        loss_fn: maps outputs and targets to their mean loss, a tensor of shape [].
        metrics: each maps outputs and targets to the batch's sum, a tensor of shape []; the history
            has their means per sample as `train_NAME` and `valid_NAME`.
        scheduler: moves the learning rate.
        schedule: whether the scheduler moves after every step or after every epoch. Those that
            look at `monitor` (`ReduceLROnPlateau`) need "epoch".
        precision: "float32", or mixed with "bfloat16" or "float16"; see `Precision`.
        compile: run the model through `torch.compile`; measure whether that pays.
        clip_norm: shorten the gradient if its norm is larger than this.
        accumulate: batches for each step; their gradients are averaged over all samples.
        monitor: the column of the history that `patience` and `keep_best` look at.
        mode: "min" if a smaller value in that column is better, "max" if a larger one is.
        patience: stop after this many epochs in a row without a new best; None never stops.
        keep_best: end with the weights of the best epoch, not of the last.
        callbacks: called with a `State` after each epoch; training stops if one returns True.
        checkpoint: a file to which everything is saved after each epoch.
        checkpoint_every: and after this many steps, counted over all epochs.
        resume: go on from `checkpoint` if it is there, else begin.
        config: plain values to keep in the checkpoint, such as the model's arguments.
        progress: show a bar, or a line for each epoch where there is no terminal.

    Returns:
        A table with a row for each epoch.

    Raises:
        ValueError: an argument is out of range, a split gave no batch, or a label is wrong.
        TypeError: the inputs are bytes, or the batches cannot say where they are.
        DivergedError: the loss became infinite or not a number; no checkpoint is written of that.
        FileExistsError: there is a checkpoint already, and `resume` is not set.
        CheckpointError: the checkpoint is damaged, belongs to another model or was made with other
            settings, or could not be written.
        TrainingInterrupted: Ctrl-C was pressed. The step was finished, and saved if there is a
            checkpoint file. A second Ctrl-C stops at once.
    """
    for name, value in {
        "epochs": epochs,
        "accumulate": accumulate,
        "patience": patience,
        "checkpoint_every": checkpoint_every,
    }.items():
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1, but is {value}")
    if isinstance(scheduler, ReduceLROnPlateau) and schedule != "epoch":
        raise ValueError('ReduceLROnPlateau looks at whole epochs: it needs schedule="epoch"')
    path = _checkpoint_path(checkpoint, train_batches, resume)

    parallel = distributed.replicate(model)
    run = _Run(
        model=parallel,
        batches=train_batches,
        optimizer=optimizer,
        scheduler=scheduler,
        precision=Precision(precision, device_of(model)),
        total=Total(metrics),
        config=dict(config or {}),
        settings={
            "batch_size": getattr(train_batches, "batch_size", None),
            "n_examples": getattr(train_batches, "n_examples", None),
            "accumulate": accumulate,
            "precision": precision,
            "clip_norm": clip_norm,
        },
        path=path,
        every=checkpoint_every,
    )
    if path is not None and path.is_file():
        run.resume()
    history = run.history
    # Under FSDP the model itself is what must be called; DDP's wrapper is for training only.
    forward, forward_valid = parallel, distributed.plain(parallel)
    if compile:
        forward, forward_valid = torch.compile(forward), torch.compile(forward_valid)

    with (
        _interrupts() as run.interrupted,
        Progress(epochs, train_batches, accumulate, progress) as shown,
    ):

        def after_step() -> None:
            shown.step()
            run.after_step()

        to_check = loss_fn  # the labels, in the first epoch: it costs a look at the device
        while run.epoch < epochs and not _out_of_patience(history, monitor, mode, patience):
            shown.begin_epoch(run.epoch + 1, len(run.total.sizes) // accumulate)
            total_valid = Total(metrics)
            with checked(run.remaining(), model, to_check, train_batches) as batches:
                train_steps(
                    forward,
                    batches,
                    loss_fn,
                    optimizer,
                    run.total,
                    run.precision,
                    scheduler if schedule == "step" else None,
                    clip_norm=clip_norm,
                    accumulate=accumulate,
                    after_step=after_step,
                )
            distributed.share_buffers(model)
            with checked(valid_batches, model, to_check) as batches:
                measure(forward_valid, batches, loss_fn, total_valid, run.precision)
            to_check = None
            train, valid = read(run.total, total_valid)
            check_finite(train.loss, optimizer)
            check_finite(valid.loss, optimizer, "validation")
            history.rows.append(_row(run.epoch + 1, train, valid, run.seconds()))
            if keep_best and history.best(monitor, mode) is history.rows[-1]:
                run.best = distributed.copy_of_weights(parallel)
            if scheduler is not None and schedule == "epoch":
                _step_epoch(scheduler, history.rows[-1][monitor])
            shown.end_epoch(history)
            run.end_epoch()
            state = State(run.epoch, run.step, model, optimizer, history)
            answers = [callback(state) for callback in callbacks]
            if any(answers):
                break
    if keep_best and run.best is not None:
        distributed.load_weights(parallel, run.best)
    return history


@dataclass
class _Run:
    """A training in the making: where it stands, and how that gets into a file and back."""

    model: nn.Module
    batches: Iterable[Batch]
    optimizer: Optimizer
    scheduler: LRScheduler | ReduceLROnPlateau | None
    precision: Precision
    total: Total
    config: dict[str, Any]
    settings: dict[str, Any]
    path: Path | None
    every: int | None
    history: History = field(default_factory=History)
    epoch: int = 0  # finished ones
    step: int = 0
    best: dict[str, Any] | None = None
    interrupted: Callable[[], bool] = lambda: False
    exhausted: bool = False  # no batch is left in this epoch
    started: float = field(default_factory=time.perf_counter)

    def remaining(self) -> Iterator[Batch]:
        """Yield the batches of this epoch, or those that a break has left of it."""
        self.exhausted = False
        yield from self.batches
        self.exhausted = True

    def seconds(self) -> float:
        """Return how long the epoch has taken, without the time between a break and a resume."""
        return time.perf_counter() - self.started

    def after_step(self) -> None:
        """Count; save if it is time or Ctrl-C was pressed, and then stop."""
        self.step += 1
        # The last step's state belongs to the end of the epoch, which is near.
        if self.exhausted:
            return
        interrupted = self.interrupted()
        if self.path and (interrupted or (self.every and self.step % self.every == 0)):
            self.save(partial=self.total.state_dict())
        if interrupted:
            self.stop(f"in epoch {self.epoch + 1}, after step {self.step:,}")

    def end_epoch(self) -> None:
        """Turn to the next epoch, save, and stop if Ctrl-C was pressed."""
        self.epoch += 1
        self.total = Total(self.total.metrics)
        self.started = time.perf_counter()
        if self.path:
            self.save(partial=None)
        if self.interrupted():
            self.stop(f"after epoch {self.epoch}")

    def stop(self, place: str) -> None:
        if self.path:
            advice = f"Everything is in {self.path}: the same call with resume=True goes on"
        else:
            advice = (
                "The model keeps the weights that it has now; to be able to go on, give fit a file "
                "(checkpoint=...)"
            )
        raise TrainingInterrupted(f"stopped {place}. {advice}")

    def save(self, partial: dict[str, Any] | None) -> None:
        model, optimizer = distributed.states(self.model, self.optimizer)
        if not all(torch.isfinite(w).all() for w in model.values() if w.is_floating_point()):
            raise DivergedError(
                f"after step {self.step:,} a weight is no longer a finite number: the learning "
                f"rate ({self.optimizer.param_groups[0]['lr']:g} now) is probably too high. "
                f"{self.path} was left as it was before, with finite weights if it is there"
            )
        scaler = self.precision.scaler
        content = checkpoints.Checkpoint(
            model=model,
            optimizer=optimizer,
            scheduler=self.scheduler and self.scheduler.state_dict(),
            scaler=scaler and scaler.state_dict(),
            batches=self.batches.state_dict(),
            generators=distributed.gather(checkpoints.generator_states()),
            epoch=self.epoch,
            step=self.step,
            partial=partial,
            history=self.history.rows,
            seconds=self.seconds(),
            best=self.best,
            settings=self.settings,
            config=self.config,
        )
        if distributed.rank() == 0:
            checkpoints.save(self.path, content)

    def resume(self) -> None:
        saved = checkpoints.load(self.path, device_of(self.model))
        plain = distributed.plain(self.model)
        checkpoints.check_belongs(plain.state_dict(), saved.model, self.path)
        checkpoints.check_settings(self.settings, saved.settings, self.path)
        distributed.load_states(plain, self.optimizer, saved.model, saved.optimizer)
        if self.scheduler is not None:
            self.scheduler.load_state_dict(saved.scheduler)
        if self.precision.scaler is not None:
            self.precision.scaler.load_state_dict(saved.scaler)
        self.batches.load_state_dict(saved.batches)
        self.epoch, self.step, self.best = saved.epoch, saved.step, saved.best
        self.history.rows.extend(saved.history)
        if saved.partial is not None:
            self.total.load_state_dict(saved.partial)
        self.started = time.perf_counter() - saved.seconds
        if distributed.rank() < len(saved.generators):
            checkpoints.set_generator_states(saved.generators[distributed.rank()])


def _checkpoint_path(
    checkpoint: Path | str | None, batches: Iterable[Batch], resume: bool
) -> Path | None:
    """Return the file to save to, after a look at what could go wrong hours later."""
    if checkpoint is None:
        if resume:
            raise ValueError("resume=True needs the file to resume from: checkpoint=...")
        return None
    path = Path(checkpoint)
    if not hasattr(batches, "state_dict"):
        raise TypeError(
            "with a checkpoint the training batches must be able to say where they are "
            f"(state_dict), which a {type(batches).__name__} is not: use Batches or torchdata's "
            "StatefulDataLoader"
        )
    if path.exists() and not resume:
        raise FileExistsError(
            f"{path} is there already: pass resume=True to go on from it, or choose another file"
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"the folder of the checkpoint {path} does not exist: make it first"
        )
    return path


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C wait for the end of a step; yields a function that tells whether it came.

    A second Ctrl-C interrupts at once. Other threads than the main one never hear of Ctrl-C, and
    under torchrun all processes would have to agree on the step: there nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread() or distributed.size() > 1:
        yield lambda: False
        return
    came = threading.Event()

    def note(number: int, frame: object) -> None:
        if came.is_set():
            raise KeyboardInterrupt
        came.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield came.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _row(epoch: int, train: Evaluation, valid: Evaluation, seconds: float) -> dict[str, float]:
    row: dict[str, float] = {"epoch": epoch}
    for split, evaluation in (("train", train), ("valid", valid)):
        row[f"{split}_loss"] = evaluation.loss
        row |= {f"{split}_{name}": value for name, value in evaluation.metrics.items()}
    return {**row, "seconds": seconds}


def _step_epoch(scheduler: LRScheduler | ReduceLROnPlateau, value: float) -> None:
    if isinstance(scheduler, ReduceLROnPlateau):
        scheduler.step(value)
        return
    with warnings.catch_warnings():
        # After a resume between the last step and the end of an epoch, PyTorch misses the steps
        # that the optimiser made before the break.
        warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step")
        scheduler.step()


def _out_of_patience(history: History, monitor: str, mode: Mode, patience: int | None) -> bool:
    if patience is None or not history.rows:
        return False
    return len(history) - history.best(monitor, mode)["epoch"] >= patience
