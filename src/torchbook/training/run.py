"""A training on its way: its steps, its evaluations, and how it gets into a file and back."""

import math
import shutil
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from torchbook.device import device_of, to_device
from torchbook.training import checkpoint as checkpoints
from torchbook.training import distributed, shards
from torchbook.training.checks import batch_in_errors
from torchbook.training.history import History
from torchbook.training.loop import NO_BATCH
from torchbook.training.precision import Precision
from torchbook.training.steps import Count, Step, Sums, widest

WATCH_EVERY = 100  # steps between two looks at whether the loss is still finite


class DivergedError(RuntimeError):
    """The loss or a weight is infinite or not a number; the weights are of no more use."""


@dataclass
class Run:
    """The state of a training; the arguments are those of `fit`."""

    model: nn.Module
    train_batches: Iterable[Any]
    valid_batches: Iterable[Any]
    optimizer: Optimizer
    step_fn: Step
    scheduler: LRScheduler | ReduceLROnPlateau | None
    by_step: bool  # whether the scheduler moves after every step
    precision: Precision
    clip_norm: float | None
    accumulate: int
    unit: str  # what the history counts: "epoch" or "step"
    monitor: str | None  # the column that is looked at, if any
    path: Path | None
    config: dict[str, Any]
    settings: dict[str, Any]
    history: History = field(default_factory=History)
    epoch: int = 0  # finished ones
    step: int = 0
    best: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.device = device_of(self.model)
        self.plain_model = distributed.unwrap(self.model)
        # Under FSDP the model itself is what must be called; DDP's wrapper is for training only.
        self.forward = self.model
        self.n_processes = distributed.size()
        self.forward_valid = self.plain_model if self.n_processes > 1 else self.model
        self.sums = Sums()
        self.started = time.perf_counter()
        self.shards: str | None = None
        self.n_batches = len(self.train_batches) if hasattr(self.train_batches, "__len__") else None
        self.batch = 0  # number of the current batch in the epoch, from 1
        self.n_accumulated, self.count = 0, 0
        self.is_checked = False
        self.train_step: Step | None = None  # asked for after each evaluation
        self.is_resumed = False
        self.generators: dict[str, Any] | None = None
        # A number in memory that the device writes to, and the CPU reads without waiting.
        self.last_loss = torch.zeros(
            (), dtype=widest(self.device), pin_memory=self.device.type == "cuda"
        )
        self.last_loss_view = self.last_loss.numpy()

    def compile(self) -> None:
        """Run the model through `torch.compile`."""
        self.forward = torch.compile(self.forward)
        self.forward_valid = torch.compile(self.forward_valid)

    @property
    def steps_per_epoch(self) -> int | None:
        """The number of optimiser steps in an epoch; None if the batches have no length."""
        return None if self.n_batches is None else math.ceil(self.n_batches / self.accumulate)

    @property
    def is_evaluated(self) -> bool:
        """Whether the history has a row of this step already."""
        rows = self.history.rows
        return self.unit == "step" and bool(rows) and rows[-1]["step"] == self.step

    def place(self, epoch_ended: bool) -> str:
        """Return where the training is, in words."""
        if epoch_ended:
            return f"after epoch {self.epoch}"
        return f"in epoch {self.epoch + 1}, after step {self.step:,}"

    # --- steps

    def train(self) -> Iterator[bool]:
        """Train without end; yield False after each step and True at the end of each epoch."""
        self.model.train()
        while True:
            sampler = getattr(self.train_batches, "sampler", None)
            if hasattr(sampler, "set_epoch"):  # PyTorch's DistributedSampler wants to be told
                sampler.set_epoch(self.epoch)
            iterator = iter(self.train_batches)
            if self.is_resumed and self.batch > 0:
                self._restore_generators()
            with batch_in_errors(self.plain_model) as current:
                for batch in iterator:
                    self.is_resumed = False
                    current.append(batch)
                    self.batch += 1
                    took_step = self._learn(batch)
                    current.clear()
                    del batch  # one batch in memory, while the next one is made
                    if took_step:
                        yield False
            if self.batch == 0:
                if not self.is_resumed:
                    raise ValueError(NO_BATCH)
                # Some loaders, saved at the end of an epoch, first yield what is left: nothing.
                self.is_resumed = False
                self._restore_generators()
                continue
            self.epoch += 1
            self.batch = 0
            if self.n_accumulated:  # the batches had no length: what remains is a step
                self._take_step()
            yield True

    def _learn(self, batch: Any) -> bool:
        """Add the gradients of a batch; return whether that completed a step."""
        if not self.plain_model.training:
            self.model.train()
        batch = to_device(batch, self.device)
        if not self.is_checked:
            self._check_batch(batch, self.train_batches)
        if self.train_step is None:
            self.train_step = self._step_for(self.train_batches)
        if self.n_accumulated == 0:
            self.optimizer.zero_grad()
            self.count = 0
        self.n_accumulated += 1
        completes = self.n_accumulated == self.accumulate or self.batch == self.n_batches
        if self.n_processes > 1:
            distributed.set_gradient_sync(self.model, completes)
        with self.precision.autocast():
            result = self.train_step(self.forward, batch)
        if not self.is_checked:
            self._check_monitor(result)
        # A mean over several batches or processes isn't known before all have been counted: then
        # the gradients are those of the sum, and are divided in the end.
        is_whole_step = self.accumulate == 1 and self.n_processes == 1
        if is_whole_step:
            self.precision.backward(result.loss_sum, _share(result.count, result.loss_sum))
        else:
            self.precision.backward(result.loss_sum)
            self.count = self.count + result.count
        self.sums.add(result)
        if completes:
            self._take_step()
        return completes

    def _take_step(self) -> None:
        if self.accumulate > 1 or self.n_processes > 1:
            self._divide_gradients()
        is_taken = self.precision.step(self.optimizer, self.clip_norm)
        if is_taken and self.by_step and self.scheduler is not None:
            self.scheduler.step()
        self.n_accumulated = 0
        self.step += 1
        if self.step % WATCH_EVERY == 0 and self.n_processes == 1:
            self.last_loss.copy_(self.sums.totals["loss"][0], non_blocking=True)
            self._check_finite(float(self.last_loss_view), "training")

    def _divide_gradients(self) -> None:
        """Turn gradients of a sum into those of the mean over all batches of all processes."""
        count = torch.zeros((), dtype=widest(self.device), device=self.device) + self.count
        count = distributed.all_reduce_sum(count)
        # PyTorch has averaged the gradients over the processes.
        factor = self.n_processes * _share(count, count)
        for group in self.optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    distributed.local(parameter.grad).mul_(factor)

    def step_scheduler(self) -> None:
        """Move a scheduler that moves by epochs."""
        with warnings.catch_warnings():
            # After a resume between the last step and the end of an epoch, PyTorch misses the steps
            # that the optimiser made before the break.
            warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step")
            self.scheduler.step()

    # --- evaluations

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Measure on the validation split, and return a row: all sums are read at once.

        Raises:
            ValueError: there was no batch.
            DivergedError: a loss is not finite.
        """
        distributed.broadcast_buffers(self.plain_model)
        self.model.eval()
        valid, step_fn = Sums(), self._step_for(self.valid_batches)
        with batch_in_errors(self.plain_model) as current:
            for batch in self.valid_batches:
                current.append(batch)
                batch = to_device(batch, self.device)
                if not valid.totals and not self.history.rows:
                    self._check_batch(batch, self.valid_batches)
                with self.precision.autocast():
                    valid.add(step_fn(self.forward_valid, batch))
                current.clear()
                del batch
        if not valid.totals:
            raise ValueError(NO_BATCH)
        both = torch.cat([sums.as_tensor(self.device) for sums in (self.sums, valid)])
        numbers = distributed.all_reduce_sum(both).tolist()
        middle = 2 * len(self.sums.totals)
        means = {
            "train": self.sums.means(numbers[:middle]),
            "valid": valid.means(numbers[middle:]),
        }
        self._check_finite(means["train"]["loss"], "training")
        self._check_finite(means["valid"]["loss"], "validation")
        row: dict[str, float] = {self.unit: self.epoch if self.unit == "epoch" else self.step}
        for split, values in means.items():
            row |= {f"{split}_{name}": value for name, value in values.items()}
        row["seconds"] = time.perf_counter() - self.started
        self.sums, self.started = Sums(), time.perf_counter()
        self.train_step = None
        return row

    def _check_batch(self, batch: Any, source: Iterable[Any]) -> None:
        check = getattr(self.step_fn, "check", None)
        if check is not None:
            check(self.plain_model, batch, source)

    def _step_for(self, source: Iterable[Any]) -> Step:
        """Return the step for batches as they are now: a callback may have changed the targets."""
        for_batches = getattr(self.step_fn, "for_batches", None)
        return self.step_fn if for_batches is None else for_batches(source)

    def _check_monitor(self, result: Any) -> None:
        self.is_checked = True
        names = ["loss", *result.metric_sums]
        columns = [f"{split}_{name}" for split in ("train", "valid") for name in names]
        if self.monitor is not None and self.monitor not in columns:
            listed = ", ".join([self.unit, *columns, "seconds"])
            raise KeyError(f"no column {self.monitor!r}; there are {listed}")

    def _check_finite(self, loss: float, split: str) -> None:
        if not math.isfinite(loss):
            raise DivergedError(
                f"the {split} loss became {loss}. Usually the learning rate "
                f"({self.optimizer.param_groups[0]['lr']:g} now) is too high: try a tenth of it, "
                "and check the inputs for values that are not finite"
            )

    # --- checkpoints

    def save(self) -> None:
        """Write everything to the checkpoint file, if there is one.

        Raises:
            DivergedError: a weight is not finite, in any process. Nothing is written.
            CheckpointError: the file could not be written.
        """
        if self.path is None:
            return
        self._check_weights()
        old = self.shards
        if distributed.is_sharded(self.model):
            weights, best = {}, None
            optimizer = self._save_shards()
        else:
            weights, best = self.plain_model.state_dict(), self.best
            optimizer = self.optimizer.state_dict()
            self.shards = None
        scaler = self.precision.scaler
        content = checkpoints.Checkpoint(
            model=weights,
            optimizer=optimizer,
            scheduler=self.scheduler and self.scheduler.state_dict(),
            scaler=scaler and scaler.state_dict(),
            batches=self.train_batches.state_dict(),
            generators=distributed.gather(checkpoints.generator_states()),
            epoch=self.epoch,
            step=self.step,
            sums=self._all_sums(),
            history=self.history.rows,
            seconds=time.perf_counter() - self.started,
            best=best,
            shards=self.shards,
            settings=self.settings,
            config=self.config,
        )
        if distributed.rank() == 0:
            checkpoints.save(self.path, content)
            if old is not None:
                shutil.rmtree(self.path.with_name(old), ignore_errors=True)

    def _all_sums(self) -> dict[str, list[Count]]:
        """Return the sums since the last evaluation, over all processes."""
        sums = self.sums.state_dict()
        if self.n_processes == 1 or not sums:
            return sums
        numbers = distributed.all_reduce_sum(self.sums.as_tensor(self.device))
        return {name: list(pair) for name, pair in zip(sums, numbers.view(-1, 2), strict=True)}

    def _save_shards(self) -> dict[str, Any]:
        """Write the tensors to the folder that the file does not name; it will name this one."""
        old = self.shards
        self.shards = f"{self.path.name}.{'b' if old and old.endswith('.a') else 'a'}"
        folder = self.path.with_name(self.shards)
        if distributed.rank() == 0:
            shutil.rmtree(folder, ignore_errors=True)
        dist.barrier()
        rest = shards.save_shards(folder, self.plain_model, self.optimizer, self.best)
        return {**rest, "has_best": self.best is not None}

    def _check_weights(self) -> None:
        parameters = [distributed.local(p) for p in self.model.parameters()]
        finite = torch.stack([p.isfinite().all() for p in parameters]).all()
        if distributed.all_reduce_sum((~finite).float()).item():
            raise DivergedError(
                f"after step {self.step:,} a weight is no longer a finite number: the learning "
                f"rate ({self.optimizer.param_groups[0]['lr']:g} now) is probably too high. "
                f"{self.path} was left as it was before, with finite weights if it exists"
            )

    def resume(self, saved: checkpoints.Checkpoint) -> None:
        """Go on from a checkpoint.

        Raises:
            CheckpointMismatchError: it belongs to another model.
        """
        self._load_tensors(saved)
        if self.scheduler is not None:
            self.scheduler.load_state_dict(saved.scheduler)
        if self.precision.scaler is not None:
            self.precision.scaler.load_state_dict(saved.scaler)
        self.train_batches.load_state_dict(saved.batches)
        self.epoch, self.step = saved.epoch, saved.step
        self.batch = max(self.steps_in_epoch * self.accumulate, len(saved.sums))
        self.history.rows.extend(saved.history)
        # The sums are those of all processes: one of them goes on with them, the others from 0.
        sums = saved.sums if distributed.rank() == 0 else {name: [0, 0] for name in saved.sums}
        self.sums.load_state_dict(sums, self.device)
        self.started = time.perf_counter() - saved.seconds
        if distributed.rank() < len(saved.generators):
            self.generators = saved.generators[distributed.rank()]
        self.is_resumed = True
        if self.batch == 0:
            self._restore_generators()

    def _restore_generators(self) -> None:
        """Restore the random numbers after a resume.

        In the middle of an epoch this comes after the loader has made its iterator, for which some
        draw a random number: the training that never stopped drew it before.
        """
        if self.generators is not None:
            checkpoints.set_generator_states(self.generators)

    @property
    def steps_in_epoch(self) -> int:
        """The steps that were taken in the unfinished epoch; 0 if that can't be known."""
        return 0 if self.steps_per_epoch is None else self.step - self.epoch * self.steps_per_epoch

    def _load_tensors(self, saved: checkpoints.Checkpoint) -> None:
        if saved.shards is not None:
            self.shards = saved.shards
            folder = self.path.with_name(saved.shards)
            weights = shards.stored(folder, "model")
            checkpoints.check_belongs(self.plain_model.state_dict(), weights, self.path)
            rest = dict(saved.optimizer)
            has_best = rest.pop("has_best")
            self.best = shards.load_shards(folder, self.plain_model, self.optimizer, rest, has_best)
            return
        checkpoints.check_belongs(self.plain_model.state_dict(), saved.model, self.path)
        if distributed.is_sharded(self.model):
            shards.load_whole(self.plain_model, self.optimizer, saved.model, saved.optimizer)
            if saved.best is not None:
                self.best = shards.to_shards(self.plain_model, saved.best)
        else:
            self.plain_model.load_state_dict(saved.model)
            self.optimizer.load_state_dict(saved.optimizer)
            self.best = saved.best

    def restore_best(self) -> None:
        """Give the model the best weights, if they were kept."""
        if self.best is not None:
            self.plain_model.load_state_dict(self.best)


def _share(count: Count, like: Tensor) -> Tensor:
    """Return 1 / count, shape [], in the dtype of a tensor; something finite for a count of 0.

    A sum of nothing has no mean, but a gradient of 0.
    """
    if not isinstance(count, Tensor):
        return torch.full((), 1 / (count or 1), dtype=like.dtype, device=like.device)
    smallest = torch.finfo(count.dtype).tiny if count.is_floating_point() else 1
    return count.clamp(min=smallest).to(like.dtype).reciprocal()
