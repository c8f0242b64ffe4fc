"""`fit`: the training loop with everything that real work needs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR, ReduceLROnPlateau
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

from torchbook.device import device_of
from torchbook.training import checkpoint as checkpoints
from torchbook.training import distributed
from torchbook.training.history import History, Mode
from torchbook.training.interrupts import TrainingInterrupted, interrupts
from torchbook.training.precision import Name, Precision
from torchbook.training.progress import Progress
from torchbook.training.run import Run
from torchbook.training.settings import check_settings, describe_optimizer, describe_scheduler
from torchbook.training.steps import Step, SupervisedStep


@dataclass(frozen=True)
class State:
    """What a callback sees after each evaluation.

    Attributes:
        epoch: finished epochs.
        step: optimiser steps, in all epochs together.
        model: the model, in evaluation mode.
        optimizer: the optimiser.
        history: the table so far; its last row is this evaluation.
    """

    epoch: int
    step: int
    model: nn.Module
    optimizer: Optimizer
    history: History


Callback = Callable[[State], bool | None]
Schedule = Literal["step", "epoch"]


def fit(
    model: nn.Module,
    train_batches: Iterable[Any],
    valid_batches: Iterable[Any],
    optimizer: Optimizer,
    *,
    epochs: int | None = None,
    max_steps: int | None = None,
    eval_every: int | None = None,
    step: Step | None = None,
    scheduler: LRScheduler | ReduceLROnPlateau | None = None,
    schedule: Schedule | None = None,
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
    """Train for a number of epochs or steps, and evaluate on the validation split on the way.

    Losses and metrics stay on the device and are read once per evaluation. Under torchrun, in
    `torchbook.training.distributed.world()`, the processes train together.

    Args:
        model: changed in place.
        train_batches: batches of any structure, from any iterable such as a `DataLoader`; their
            tensors are moved to the model's device. For a checkpoint it must have `state_dict` and
            `load_state_dict`, as `Batches` and torchdata's `StatefulDataLoader` have.
        valid_batches: the same for the validation split.
        optimizer: holds the model's parameters.
        epochs: how often to go through the training split, including epochs before a resume.
        max_steps: how many optimiser steps to take, in place of `epochs`.
        eval_every: evaluate after this many steps; by default after each epoch.
        step: what to learn from a batch, see `steps.StepResult`; by default a `SupervisedStep` with
            cross-entropy and accuracy. The history has its means as `train_NAME`, `valid_NAME`.
        scheduler: changes the learning rate.
        schedule: whether the scheduler moves after every "step" or every "epoch". Only
            `OneCycleLR`, which counts steps, and `ReduceLROnPlateau`, which looks at `monitor`
            after each evaluation, can do without.
        precision: "float32", "tf32", or mixed with "bfloat16" or "float16"; see `Precision`.
        compile: run the model through `torch.compile`; measure whether that pays.
        clip_norm: scale the gradient down if its norm is larger than this.
        accumulate: batches for each step, one in memory at a time.
        monitor: the column of the history that `patience` and `keep_best` look at.
        mode: "min" if a smaller value in that column is better, "max" if a larger one is.
        patience: stop after this many evaluations in a row without a new best; None never stops.
        keep_best: end with the weights of the best evaluation, not the last.
        callbacks: called with a `State` after each evaluation; training stops if one returns True,
            in any process.
        checkpoint: a file to which everything is saved after each evaluation.
        checkpoint_every: and after this many steps, counted over all epochs.
        resume: continue from `checkpoint` if it exists, else start.
        config: plain values to keep in the checkpoint, such as the model's arguments.
        progress: show a bar, or a line for each evaluation where there is no terminal.

    Returns:
        A table with a row for each evaluation.

    Raises:
        ValueError: an argument is out of range, a split gave no batch, a label is wrong, or the
            batches are not shared out between the processes.
        TypeError: the inputs are bytes, the batches can't be resumed, or a value in `config` can't
            be read back from a checkpoint.
        DivergedError: the loss or a weight is no longer finite; the checkpoint is left as it was.
        CheckpointExistsError: the checkpoint exists, and `resume` is not set.
        CheckpointError: the checkpoint is damaged, belongs to another model or was made with other
            settings, or could not be written.
        TrainingInterrupted: Ctrl-C was pressed. The step was finished, and saved if there is a
            checkpoint file. A second Ctrl-C stops at once.
    """
    _check_numbers(
        epochs=epochs,
        max_steps=max_steps,
        eval_every=eval_every,
        accumulate=accumulate,
        patience=patience,
        checkpoint_every=checkpoint_every,
    )
    if (epochs is None) == (max_steps is None):
        raise ValueError(f"give either epochs or max_steps, but got {epochs} and {max_steps}")
    if mode not in ("min", "max"):
        raise ValueError(f'mode must be "min" or "max", but is {mode!r}')
    for batches in (train_batches, valid_batches):
        _check_shared(batches)
    if accumulate > 1 and distributed.size() > 1 and not hasattr(train_batches, "__len__"):
        raise ValueError(
            f"in several processes, accumulate={accumulate} needs batches with a length, which a "
            f"{type(train_batches).__name__} does not have: otherwise the last step is not known"
        )
    path = _checkpoint_path(checkpoint, train_batches, resume)
    step = SupervisedStep() if step is None else step
    is_monitored = patience is not None or keep_best or isinstance(scheduler, ReduceLROnPlateau)
    settings = {
        "the class of the batches": type(train_batches).__name__,
        "batch_size": getattr(train_batches, "batch_size", None),
        "n_examples": getattr(train_batches, "n_examples", None),
        "step": repr(step) if isinstance(step, SupervisedStep) else _name(step),
        "accumulate": accumulate,
        "precision": precision,
        "clip_norm": clip_norm,
        "eval_every": eval_every,
        "keep_best": f"{mode} {monitor}" if keep_best else None,
        **describe_optimizer(optimizer),
        **describe_scheduler(scheduler),
        "scheduler's schedule": schedule,
    }
    replica = distributed.replicate(model)  # all processes wait here, and then see the same files
    saved = None
    if path is not None and path.exists():
        saved = checkpoints.load(path)
        check_settings(settings, saved.settings, path)
    run = Run(
        model=replica,
        train_batches=train_batches,
        valid_batches=valid_batches,
        optimizer=optimizer,
        step_fn=step,
        scheduler=scheduler,
        by_step=_moves_by_step(scheduler, schedule),
        precision=Precision(precision, device_of(model)),
        clip_norm=clip_norm,
        accumulate=accumulate,
        unit="epoch" if max_steps is None and eval_every is None else "step",
        monitor=monitor if is_monitored else None,
        path=path,
        config=checkpoints.plain(dict(config or {}), "config"),
        settings=settings,
    )
    if saved is not None:
        run.resume(saved)
    if compile:
        run.compile()
    history = run.history

    def is_over() -> bool:
        return (
            (epochs is not None and run.epoch >= epochs)
            or (max_steps is not None and run.step >= max_steps)
            or (patience is not None and history.since_best(monitor, mode) >= patience)
        )

    bar = Progress(run.unit, epochs, max_steps, run.steps_per_epoch, progress)
    with interrupts() as interrupted, bar, run.precision.products():
        if is_over():  # a finished training was resumed
            run.restore_best()
            return history
        bar.begin(run.epoch, run.step, run.steps_in_epoch)
        for epoch_ended in run.train():
            if not epoch_ended:
                bar.step()
            due = epoch_ended if eval_every is None else run.step % eval_every == 0
            is_evaluation = (due or is_over()) and not run.is_evaluated
            if is_evaluation:
                history.rows.append(run.evaluate())
                if keep_best and history.since_best(monitor, mode) == 0:
                    run.best = distributed.copy_of_weights(run.model)
                if isinstance(scheduler, ReduceLROnPlateau):
                    scheduler.step(history.rows[-1][monitor])
            if epoch_ended and schedule == "epoch":
                run.step_scheduler()
            is_due = checkpoint_every is not None and run.step % checkpoint_every == 0
            if is_evaluation or (not epoch_ended and (is_due or interrupted())):
                run.save()
            if is_evaluation:
                bar.evaluated(history)
                state = State(run.epoch, run.step, model, optimizer, history)
                answers = [callback(state) is True for callback in callbacks]
                if distributed.any_process(any(answers)):
                    break
            if interrupted() and (is_evaluation or not epoch_ended):
                raise TrainingInterrupted(run.place(epoch_ended), path)
            if is_over():
                break
            if epoch_ended:
                bar.begin(run.epoch, run.step, 0)
    run.restore_best()
    return history


def _check_numbers(**numbers: int | None) -> None:
    for name, value in numbers.items():
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1, but is {value}")


def _moves_by_step(scheduler: object, schedule: Schedule | None) -> bool:
    """Return whether the scheduler moves after each step, if it is said or certain."""
    if schedule not in ("step", "epoch", None):
        raise ValueError(f'schedule must be "step" or "epoch", but is {schedule!r}')
    if isinstance(scheduler, ReduceLROnPlateau):
        if schedule == "step":
            raise ValueError("ReduceLROnPlateau moves after each evaluation: leave schedule out")
        return False
    if schedule is None and scheduler is not None and not isinstance(scheduler, OneCycleLR):
        raise ValueError(
            f"a {type(scheduler).__name__} can count steps or epochs: say which, with "
            'schedule="step" or schedule="epoch"'
        )
    return schedule != "epoch"


def _check_shared(batches: Iterable[Any]) -> None:
    """Raise ValueError if all processes would train on the same batches."""
    n = distributed.size()
    sampler = getattr(batches, "sampler", None)
    is_shared = isinstance(sampler, DistributedSampler) or getattr(batches, "world_size", 1) == n
    if n > 1 and not is_shared:
        how = (
            "give the DataLoader a torch.utils.data.DistributedSampler"
            if isinstance(batches, DataLoader)
            else "make them in torchbook.training.distributed.world(), with rank and world_size"
        )
        raise ValueError(
            f"{n} processes would all train on the same batches, each a {type(batches).__name__}: "
            f"{how}"
        )


def _checkpoint_path(
    checkpoint: Path | str | None, batches: Iterable[Any], resume: bool
) -> Path | None:
    """Return the file to save to, once what could go wrong hours later has been checked."""
    if checkpoint is None:
        if resume:
            raise ValueError("resume=True needs the file to resume from: checkpoint=...")
        return None
    path = Path(checkpoint)
    if not (hasattr(batches, "state_dict") and hasattr(batches, "load_state_dict")):
        raise TypeError(
            "with a checkpoint, the training batches must know their position (state_dict), which "
            f"a {type(batches).__name__} does not: use Batches or torchdata's StatefulDataLoader"
        )
    if path.exists() and not resume:
        raise checkpoints.CheckpointExistsError(
            f"{path} exists already: resume it with resume=True, or choose another file"
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"the folder of the checkpoint {path} does not exist: create it first"
        )
    return path


def _name(step: object) -> str:
    return getattr(step, "__qualname__", type(step).__name__)
