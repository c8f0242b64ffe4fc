"""From settings to a trained model, and from a checkpoint back to it: the work of the commands."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from torchbook.apps import config as settings
from torchbook.data import Batches, Examples, Splits, scale_to_unit
from torchbook.data.sets.registry import DATA_SETS
from torchbook.device import device_name, seed_everything
from torchbook.metrics import count_parameters
from torchbook.models import CLASSIFIERS
from torchbook.training import History, distributed, fit, parameter_groups
from torchbook.training import checkpoint as checkpoints
from torchbook.training.checkpoint import Checkpoint, CheckpointError, CheckpointMismatchError
from torchbook.training.distributed import World

EVALUATION_BATCH = 500

# The settings that may change when a training is resumed.
MAY_CHANGE = {
    "training.compile",
    "training.channels_last",
    "training.patience",
    "checkpoint.path",
    "checkpoint.every",
}


class Task(BaseModel):
    """What a model has to classify.

    Attributes:
        channels: of an image: 1 for grey, 3 for colour.
        size: the height and width of an image in pixels.
        classes: the name of each label, in order.
    """

    model_config = ConfigDict(frozen=True)

    channels: int = Field(ge=1, le=1024)
    size: int = Field(ge=1, le=65_536)
    classes: tuple[str, ...] = Field(min_length=1)

    @classmethod
    def of(cls, splits: Splits) -> "Task":
        """Return the task of classifying a data set with images [N, C, S, S]."""
        _, channels, size, _ = splits.train.inputs.shape
        return cls(channels=channels, size=size, classes=splits.classes)


def load_data(config: settings.Data) -> Splits:
    """Load the data set; download it if necessary, in the first process only.

    Raises:
        DataUnavailableError: it could not be obtained. This is raised in every process.
        ConfigError: the data set has no room for `n_valid` validation examples.
    """
    data_set = DATA_SETS[config.name]
    n_valid = config.n_valid or data_set.n_valid
    splits, failure = None, None
    for first in (True, False):  # the first process downloads; the others find it in the cache
        if (distributed.rank() == 0) is first and failure is None:
            try:
                splits = data_set.load(n_valid)
            except Exception as error:  # all processes must end, whatever it is
                failure = error
                if isinstance(error, ValueError) and config.n_valid is not None:
                    message = f"data.n_valid is {n_valid}: {error}"
                    failure = settings.ConfigError(message, key="data.n_valid")
        failure = next((f for f in distributed.gather(failure) if f is not None), None)
    if failure is not None:
        raise failure
    return splits


def build_model(config: settings.Model, task: Task) -> nn.Module:
    """Build the model for the task, with new weights."""
    options = config.model_dump(exclude={"name"}, exclude_none=True)
    return CLASSIFIERS[config.name](task.channels, task.size, len(task.classes), **options)


def build_optimizer(config: settings.Optimizer, model: nn.Module, fused: bool) -> Optimizer:
    """Make the optimiser; weight decay applies to matrices and kernels only.

    Args:
        config: the optimiser's name and numbers.
        model: the model whose parameters it updates.
        fused: update all parameters in one kernel; pays on a GPU.
    """
    options = config.model_dump(include={"lr", "momentum"}, exclude_none=True)
    groups = parameter_groups(model, config.weight_decay)
    groups = [group for group in groups if group["params"]]
    # None, not False: that would also switch off the second fastest way, on any accelerator.
    return getattr(torch.optim, config.name)(groups, fused=fused or None, **options)


def one_cycle(step: int, n_steps: int, warm_up: float) -> float:
    """Return the share of the learning rate at a step: it rises and falls along a cosine.

    These are the numbers of PyTorch's `OneCycleLR` (L. N. Smith, N. Topin, arXiv:1708.07120), which
    fails when the warm-up is a single step.
    """
    peak = warm_up * n_steps - 1
    if step < peak:
        return _along_cosine(1 / 25, 1.0, step / peak)
    return _along_cosine(1.0, 1 / 25 / 1e4, (step - peak) / (n_steps - 1 - peak))


def cosine(step: int, n_steps: int, warm_up: float) -> float:
    """Return the share of the learning rate at a step: it rises linearly, then falls to 0.

    It falls along a cosine, without restarts (I. Loshchilov, F. Hutter, arXiv:1608.03983).
    """
    peak = warm_up * n_steps
    if step < peak:
        return (step + 1) / (peak + 1)
    return _along_cosine(1.0, 0.0, (step - peak) / (n_steps - peak))


def _along_cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(progress, 1.0))) / 2


def build_scheduler(
    config: settings.Schedule, optimizer: Optimizer, n_steps: int
) -> LambdaLR | None:
    """Make the scheduler of the learning rate, for all steps of the training."""
    if config.name is None:
        return None
    shape = {"one_cycle": one_cycle, "cosine": cosine}[config.name]
    return LambdaLR(optimizer, partial(shape, n_steps=n_steps, warm_up=config.warm_up))


def image_transform(channels_last: bool, mirror: bool) -> Callable[[Tensor], Tensor]:
    """Return the function that turns images [B, C, S, S] of bytes into inputs of the model.

    Args:
        channels_last: use the memory layout in which convolutions are fastest.
        mirror: mirror each image with a probability of one half.
    """

    def transform(images: Tensor) -> Tensor:
        if mirror:
            mirrored = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
            images = torch.where(mirrored, images.flip(-1), images)
        images = scale_to_unit(images)
        if channels_last:
            images = images.contiguous(memory_format=torch.channels_last)
        return images

    return transform


def train(
    config: settings.Config,
    splits: Splits,
    world: World,
    *,
    resume: bool = False,
    progress: bool = True,
    announce: Callable[[str], None] = lambda line: None,
) -> History:
    """Train with these settings, in all processes of the world together.

    Args:
        config: the settings.
        splits: the data.
        world: the processes, and the device of this one.
        resume: continue from the checkpoint if there is one.
        progress: show the progress.
        announce: called with a line that says what is going to be trained.

    Raises:
        ConfigError: the batches cannot be divided between the processes.
        CheckpointMismatchError: the checkpoint to resume from has other settings.
        Exception: any that `fit` raises.
    """
    training, path = config.training, config.checkpoint.path
    if resume and path is not None and Path(path).is_file():
        _check_same_settings(config, checkpoints.load(path), path)
    task = Task.of(splits)
    seed_everything(training.seed)
    layout = torch.channels_last if training.channels_last else torch.contiguous_format
    model = build_model(config.model, task).to(world.device, memory_format=layout)
    # All processes have the same weights now. Their random numbers differ from here on.
    seed_everything(training.seed + world.rank)

    def batches(
        key: str, examples: Examples, batch_size: int, mirror: bool = False, shuffle: bool = False
    ) -> Batches:
        try:
            return Batches(
                examples,
                batch_size,
                shuffle=shuffle,
                seed=training.seed,
                device=world.device,
                transform=image_transform(training.channels_last, mirror),
                rank=world.rank,
                world_size=world.size,
            )
        except ValueError as error:
            raise settings.ConfigError(f"{key}: {error}", key=key) from error

    mirror = config.data.augment == "flip"
    train_batches = batches(
        "data.batch_size", splits.train, config.data.batch_size, mirror=mirror, shuffle=True
    )
    valid_batches = batches("data.n_valid", splits.valid, EVALUATION_BATCH)
    optimizer = build_optimizer(config.optimizer, model, fused=world.device.type == "cuda")
    n_steps = training.epochs * math.ceil(len(train_batches) / training.accumulate)
    announce(describe(config, model, splits, world))
    return fit(
        model,
        train_batches,
        valid_batches,
        optimizer,
        epochs=training.epochs,
        scheduler=build_scheduler(config.schedule, optimizer, n_steps),
        schedule="step",
        precision=training.precision,
        compile=training.compile,
        clip_norm=training.clip_norm,
        accumulate=training.accumulate,
        patience=training.patience,
        keep_best=training.keep_best,
        checkpoint=path,
        checkpoint_every=config.checkpoint.every,
        resume=resume,
        progress=progress,
        config={"settings": config.model_dump(), "task": task.model_dump()},
    )


def describe(config: settings.Config, model: nn.Module, splits: Splits, world: World) -> str:
    """Return a line that says what is trained on which data, and where."""
    processes = f" in {world.size} processes" if world.size > 1 else ""
    return (
        f"{config.model.name}, {count_parameters(model):,} parameters, learns {config.data.name} "
        f"({len(splits.train):,} examples, {len(splits.valid):,} for validation) on "
        f"{device_name(world.device)}{processes}"
    )


def _check_same_settings(config: settings.Config, saved: Checkpoint, path: str) -> None:
    before, _ = read_config(saved, path)
    allowed = set(MAY_CHANGE)
    if config.schedule.name is None:
        allowed.add("training.epochs")
    differing = {k: v for k, v in before.differences(config).items() if k not in allowed}
    if differing:
        listed = "; ".join(f"{key} was {a} and is now {b}" for key, (a, b) in differing.items())
        raise CheckpointMismatchError(
            f"{path} cannot be resumed with other settings: {listed}. Use the old settings, or "
            "start a new training with another checkpoint.path"
        )


def read_config(saved: Checkpoint, path: Path | str) -> tuple[settings.Config, Task]:
    """Return the settings and the task that a checkpoint was trained with.

    Args:
        saved: the checkpoint.
        path: its file, for messages.

    Raises:
        CheckpointError: they are missing or not valid.
    """
    if not {"settings", "task"} <= saved.config.keys():
        raise CheckpointError(
            f"{path} does not say how to build its model: it was not saved by torchbook train. "
            "Build the model in Python and use torchbook.training.checkpoint.load_weights"
        )
    try:
        config = settings.validate(settings.Config, saved.config["settings"])
        return config, settings.validate(Task, saved.config["task"])
    except settings.ConfigError as error:
        raise CheckpointError(
            f"{path} holds settings that this version of torchbook cannot use: {error}"
        ) from error


@dataclass(frozen=True)
class Trained:
    """A model from a checkpoint.

    Attributes:
        model: the model with its weights, in evaluation mode.
        config: the settings that it was trained with.
        task: what it classifies.
        checkpoint: everything that was saved.
    """

    model: nn.Module
    config: settings.Config
    task: Task
    checkpoint: Checkpoint


def load_trained(path: Path | str, device: torch.device | str = "cpu") -> Trained:
    """Build the model of a checkpoint that `train` has saved, and load its weights.

    Raises:
        CheckpointNotFoundError: there is no such file.
        CheckpointError: the file cannot be read, or was not saved by `train`.
    """
    saved = checkpoints.load(path)
    config, task = read_config(saved, path)
    weights = saved.best or saved.model
    with torch.device("meta"):  # check that the weights fit before memory is allocated
        checkpoints.check_belongs(build_model(config.model, task).state_dict(), weights, path)
    model = build_model(config.model, task)
    model.load_state_dict(weights)
    return Trained(model.to(device).eval(), config, task, saved)


def batches_of(trained: Trained, examples: Examples, device: torch.device) -> Batches:
    """Return the examples in order, in batches that are prepared as in training.

    Raises:
        CheckpointMismatchError: the images have another shape than those of the training.
    """
    expected = [trained.task.channels, trained.task.size, trained.task.size]
    if list(examples.inputs.shape[1:]) != expected:
        raise CheckpointMismatchError(
            f"the model was trained with images of shape {expected}, but those of "
            f"{trained.config.data.name} now have {list(examples.inputs.shape[1:])}"
        )
    transform = image_transform(channels_last=False, mirror=False)
    return Batches(examples, EVALUATION_BATCH, device=device, transform=transform)


def data_of(trained: Trained) -> Splits:
    """Load the data set that a model was trained with, split in the same way.

    Raises:
        DataUnavailableError: it could not be obtained.
        CheckpointMismatchError: it has other classes than the model.
    """
    splits = load_data(trained.config.data)
    if tuple(splits.classes) != trained.task.classes:
        raise CheckpointMismatchError(
            f"the model was trained with the classes {', '.join(trained.task.classes)}, but "
            f"{trained.config.data.name} now has {', '.join(splits.classes)}"
        )
    return splits
