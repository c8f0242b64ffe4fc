"""From settings to a training, and from a checkpoint back to the model: what the commands do."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from torchbook import models
from torchbook.apps import config as settings
from torchbook.data import Batches, Examples, Splits, scale_to_unit
from torchbook.data.sets.registry import DATA_SETS
from torchbook.device import device_name, seed_everything
from torchbook.metrics import count_parameters
from torchbook.training import History, distributed, fit, parameter_groups
from torchbook.training import checkpoint as checkpoints
from torchbook.training.checkpoint import Checkpoint, CheckpointError, CheckpointMismatchError
from torchbook.training.distributed import World

EVALUATION_BATCH = 500

# What a resumed training may have another value of. All else was decided when it began.
MAY_CHANGE = {
    "training.compile",
    "training.channels_last",
    "training.patience",
    "checkpoint.path",
    "checkpoint.every",
}


@dataclass(frozen=True)
class Task:
    """What a model must know of its data.

    Attributes:
        channels: of a picture: 1 for grey, 3 for colour.
        size: height and width of a picture in pixels.
        classes: the name of each label, in order.
        border: the mean of the pixels at the edges of the training pictures, from 0 to 255.
    """

    channels: int
    size: int
    classes: tuple[str, ...]
    border: float

    @classmethod
    def of(cls, splits: Splits) -> "Task":
        """Return what the splits, with pictures [N, C, S, S], ask for."""
        inputs = splits.train.inputs
        return cls(inputs.shape[1], inputs.shape[-1], splits.classes, border_of(inputs))


def border_of(pictures: Tensor) -> float:
    """Return the mean of the outermost pixels of pictures [N, C, S, S]."""
    edges = (pictures[..., 0], pictures[..., -1], pictures[..., 0, :], pictures[..., -1, :])
    return torch.stack([edge.float().mean() for edge in edges]).mean().item()


def load_data(config: settings.Data) -> Splits:
    """Load the data set, fetching it if it is not here. Of many processes the first one begins.

    Raises:
        DataUnavailableError: it cannot be had; all processes hear of it.
        ConfigError: `n_valid` does not fit the data set.
    """
    data_set = DATA_SETS[config.name]
    n_valid = config.n_valid or data_set.n_valid
    splits, failure = None, None
    for turn in (True, False):  # the first process fetches, the others find it in the cache
        if (distributed.rank() == 0) is turn and failure is None:
            try:
                splits = data_set.load(n_valid)
            except ValueError as error:
                failure = settings.ConfigError(f"data.n_valid = {n_valid}: {error}")
            except Exception as error:  # whatever it is, the others must not wait for ever
                failure = error
        failure = next((f for f in distributed.gather(failure) if f is not None), None)
    if failure is not None:
        raise failure
    return splits


def build_model(config: settings.Model, task: Task) -> nn.Module:
    """Make the model for the task, with new weights."""
    n_classes = len(task.classes)
    n_inputs = task.channels * task.size**2
    if config.name == "LinearClassifier":
        return models.LinearClassifier(n_inputs, n_classes)
    if config.name == "TwoLayerClassifier":
        return models.TwoLayerClassifier(n_inputs, config.n_hidden, n_classes)
    if config.name == "TinyVGG":
        return models.TinyVGG(task.channels, config.hidden_units, n_classes, task.size)
    return models.SmallCNN(task.channels, n_classes, task.size, config.width)


def build_optimizer(config: settings.Optimizer, model: nn.Module, fused: bool) -> Optimizer:
    """Make the optimiser: matrices and kernels decay, biases and scales do not.

    Args:
        config: which one, and its numbers.
        model: whose parameters it gets.
        fused: move all parameters in one go; pays on a GPU.
    """
    options = {"lr": config.lr, "fused": fused}
    if config.momentum is not None:
        options["momentum"] = config.momentum
    groups = parameter_groups(model, config.weight_decay)
    groups = [group for group in groups if group["params"]]
    return getattr(torch.optim, config.name)(groups, **options)


def one_cycle(step: int, n_steps: int, warm_up: float) -> float:
    """Return the share of the learning rate at a step: up along a cosine, then down to nothing.

    The same numbers as PyTorch's `OneCycleLR`, which cannot do with a warm-up of a single step
    (L. N. Smith, N. Topin, arXiv:1708.07120).
    """
    peak = warm_up * n_steps - 1
    if step < peak:
        return _along_cosine(1 / 25, 1.0, step / peak)
    return _along_cosine(1.0, 1 / 25 / 1e4, (step - peak) / (n_steps - 1 - peak))


def cosine(step: int, n_steps: int, warm_up: float) -> float:
    """Return the share of the learning rate at a step: up a straight line, down along a cosine.

    (I. Loshchilov, F. Hutter, arXiv:1608.03983, without restarts.)
    """
    peak = warm_up * n_steps
    if step < peak:
        return (step + 1) / (peak + 1)
    return _along_cosine(1.0, 0.0, (step - peak) / (n_steps - peak))


def _along_cosine(start: float, end: float, way: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(way, 1.0))) / 2


def build_scheduler(
    config: settings.Schedule, optimizer: Optimizer, n_steps: int
) -> LambdaLR | None:
    """Make the schedule of the learning rate, over all steps of the training."""
    if config.name == settings.NONE:
        return None
    shape = {"one_cycle": one_cycle, "cosine": cosine}[config.name]
    return LambdaLR(optimizer, partial(shape, n_steps=n_steps, warm_up=config.warm_up))


def prepare(channels_last: bool, mirror: bool) -> Callable[[Tensor], Tensor]:
    """Return the function that makes a batch of pictures ready for the model.

    Args:
        channels_last: bring them into the layout in which convolutions are fastest.
        mirror: mirror each with a probability of one half.
    """

    def prepared(pictures: Tensor) -> Tensor:
        if mirror:
            coin = torch.rand(len(pictures), 1, 1, 1, device=pictures.device) < 0.5
            pictures = torch.where(coin, pictures.flip(-1), pictures)
        pictures = scale_to_unit(pictures)
        if channels_last:
            pictures = pictures.contiguous(memory_format=torch.channels_last)
        return pictures

    return prepared


def train(
    config: settings.Config,
    splits: Splits,
    world: World,
    *,
    resume: bool = False,
    progress: bool = True,
    announce: Callable[[str], None] = lambda line: None,
) -> History:
    """Train as the settings say; all processes of the world together.

    Args:
        config: the settings.
        splits: the data.
        world: where to calculate.
        resume: go on from the checkpoint if it is there.
        progress: show how far it has come.
        announce: told in a line what is about to be trained.

    Raises:
        ConfigError: the batches cannot be shared between the processes.
        CheckpointMismatchError: the training to go on with has other settings.
        Exception: all that `fit` raises.
    """
    training, path = config.training, config.checkpoint.path
    if resume and path is None:
        raise settings.ConfigError("--resume needs a file to go on from: set checkpoint.path")
    if resume and Path(path).is_file():
        _check_same(config, checkpoints.load(path), path)
    task = Task.of(splits)
    seed_everything(training.seed)
    layout = torch.channels_last if training.channels_last else torch.contiguous_format
    model = build_model(config.model, task).to(world.device, memory_format=layout)
    # All have the same weights now. What follows is chance of each process's own.
    seed_everything(training.seed + world.rank)

    def batches(examples: Examples, batch_size: int, mirror: bool, shuffle: bool) -> Batches:
        return Batches(
            examples,
            batch_size,
            shuffle=shuffle,
            seed=training.seed,
            device=world.device,
            transform=prepare(training.channels_last, mirror),
            rank=world.rank,
            world_size=world.size,
        )

    try:
        train_batches = batches(
            splits.train, config.data.batch_size, config.data.augment == "flip", shuffle=True
        )
        valid_batches = batches(splits.valid, EVALUATION_BATCH, mirror=False, shuffle=False)
    except ValueError as error:
        raise settings.ConfigError(f"data.batch_size, data.n_valid: {error}") from error
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
        config={"settings": config.as_dict(), "task": asdict(task)},
    )


def describe(config: settings.Config, model: nn.Module, splits: Splits, world: World) -> str:
    """Return a line that says what is trained on what, and where."""
    many = f" in {world.size} processes" if world.size > 1 else ""
    return (
        f"{config.model.name}, {count_parameters(model):,} parameters, learns {config.data.name} "
        f"({len(splits.train):,} examples, {len(splits.valid):,} for validation) on "
        f"{device_name(world.device)}{many}"
    )


def _check_same(config: settings.Config, saved: Checkpoint, path: str) -> None:
    """Check that a training goes on with the settings that it began with."""
    before, _ = read_config(saved, path)
    allowed = set(MAY_CHANGE)
    if config.schedule.name == settings.NONE:
        allowed.add("training.epochs")
    differing = {k: v for k, v in before.differences(config).items() if k not in allowed}
    if differing:
        listed = "; ".join(f"{key} was {a} and is now {b}" for key, (a, b) in differing.items())
        raise CheckpointMismatchError(
            f"{path} cannot be resumed with other settings: {listed}. Use the old ones, or begin "
            "anew with another checkpoint.path"
        )


def read_config(saved: Checkpoint, path: Path | str) -> tuple[settings.Config, Task]:
    """Return the settings and the task that a checkpoint was trained with.

    Raises:
        CheckpointError: they are not in it, or make no sense.
    """
    if not {"settings", "task"} <= saved.config.keys():
        raise CheckpointError(
            f"{path} does not say how to build its model: it was not saved by torchbook train. "
            "Build the model in Python and use torchbook.training.checkpoint.load_weights"
        )
    try:
        config = settings.parse(saved.config["settings"])
        return config, _read_task(saved.config["task"])
    except (settings.ConfigError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise CheckpointError(
            f"{path} holds settings that this version of torchbook cannot use: {error}"
        ) from error


def _read_task(task: Mapping[str, Any]) -> Task:
    read = Task(
        channels=int(task["channels"]),
        size=int(task["size"]),
        classes=tuple(str(name) for name in task["classes"]),
        border=float(task["border"]),
    )
    if not (1 <= read.channels <= 1024 and 1 <= read.size <= 65_536 and read.classes):
        raise ValueError(f"pictures of {read.channels} x {read.size} x {read.size}")
    return read


@dataclass(frozen=True)
class Trained:
    """A model as a checkpoint has it.

    Attributes:
        model: with its weights, in evaluation mode.
        config: the settings that it was trained with.
        task: what it was trained for.
        checkpoint: all else that was saved.
    """

    model: nn.Module
    config: settings.Config
    task: Task
    checkpoint: Checkpoint


def load_trained(path: Path | str, device: torch.device | str = "cpu") -> Trained:
    """Build the model of a checkpoint that `train` has saved, and give it its weights.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: the file is damaged, or was not saved by `train`.
    """
    saved = checkpoints.load(path)
    config, task = read_config(saved, path)
    weights = saved.best or saved.model
    with torch.device("meta"):  # whether the weights fit, before any room is taken
        checkpoints.check_belongs(build_model(config.model, task).state_dict(), weights, path)
    model = build_model(config.model, task)
    model.load_state_dict(weights)
    return Trained(model.to(device).eval(), config, task, saved)


def batches_of(trained: Trained, examples: Examples, device: torch.device) -> Batches:
    """Return the examples in batches as the model was trained with, in order.

    Raises:
        CheckpointMismatchError: the pictures have another shape than the model's.
    """
    wanted = [trained.task.channels, trained.task.size, trained.task.size]
    if list(examples.inputs.shape[1:]) != wanted:
        raise CheckpointMismatchError(
            f"the model was trained with pictures of shape {wanted}, but those of "
            f"{trained.config.data.name} have {list(examples.inputs.shape[1:])} now"
        )
    transform = prepare(channels_last=False, mirror=False)
    return Batches(examples, EVALUATION_BATCH, device=device, transform=transform)


def data_of(trained: Trained) -> Splits:
    """Load the data set that a model was trained with, split as it was then.

    Raises:
        DataUnavailableError: it cannot be had.
        CheckpointMismatchError: it has other classes than the model.
    """
    splits = load_data(trained.config.data)
    if tuple(splits.classes) != trained.task.classes:
        raise CheckpointMismatchError(
            f"the model was trained with the classes {', '.join(trained.task.classes)}, but "
            f"{trained.config.data.name} has {', '.join(splits.classes)} now"
        )
    return splits
