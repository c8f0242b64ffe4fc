"""Checkpoints: written whole or not at all, read without running code, checked before use."""

import errno
import os
import pickle
import platform
import random
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from torchbook import __version__
from torchbook.training import distributed, shards

FORMAT = "torchbook checkpoint, version 2"
# What PyTorch reads back as it was, besides numbers, texts, lists and dictionaries.
PLAIN = (Tensor, torch.Size, torch.dtype, torch.device, bytes, complex, type(None))


class CheckpointError(RuntimeError):
    """A file is not a checkpoint of this package, is damaged, or could not be written."""


class CheckpointNotFoundError(CheckpointError, FileNotFoundError):
    """There is no checkpoint at this path."""


class CheckpointExistsError(CheckpointError, FileExistsError):
    """There is already a file where a new training would save its checkpoint."""


class CheckpointMismatchError(CheckpointError):
    """A checkpoint belongs to another model, or to a training with other settings."""


@dataclass
class Checkpoint:
    """Everything that a training needs to go on as if it had never stopped.

    Attributes:
        model: the model's `state_dict`; empty if it is in `shards`.
        optimizer: the optimiser's `state_dict`, likewise.
        scheduler: the scheduler's, if there is one.
        scaler: the gradient scaler's, in float16.
        batches: the training batches': the position in the data.
        generators: the states of the random number generators, one entry for each process.
        epoch: finished epochs.
        step: optimiser steps, in all epochs together.
        sums: loss and metrics since the last evaluation, see `steps.Sums`.
        history: the rows of the history.
        seconds: spent since the last evaluation.
        best: the weights of the best evaluation, if they are kept.
        shards: the folder beside the file that holds the tensors of a sharded model.
        settings: what must stay the same for the rest of the training.
        config: what the caller wants to find again, such as how to build the model.
        versions: of Python and the libraries.
    """

    model: dict[str, Any]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any] | None = None
    scaler: dict[str, Any] | None = None
    batches: dict[str, Any] | None = None
    generators: list[dict[str, Any]] = field(default_factory=list)
    epoch: int = 0
    step: int = 0
    sums: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    best: dict[str, Any] | None = None
    shards: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=lambda: versions())


def versions() -> dict[str, str]:
    """Return the versions of Python, PyTorch and this package."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "torchbook": __version__,
    }


def plain(value: Any, name: str) -> Any:
    """Return a value as it can be read back without running code.

    Numbers of NumPy become Python's, paths become texts, and dictionaries and lists of any class
    become `dict` and `list`.

    Args:
        value: tensors, numbers, texts, and dictionaries, lists, tuples and sets of these.
        name: what it is called, for the message.

    Raises:
        TypeError: names the entry that could not be read back.
    """
    if isinstance(value, PLAIN):
        return value
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return {plain(key, name): plain(v, f"{name}[{key!r}]") for key, v in value.items()}
    for kind in (list, tuple, set):
        if isinstance(value, kind):
            return kind(plain(v, f"{name}[{i}]") for i, v in enumerate(value))
    raise TypeError(
        f"{name} is of the class {type(value).__name__}, which a checkpoint can't hold: only "
        "tensors, numbers, texts, lists and dictionaries can be read back without running code"
    )


def save(path: Path | str, checkpoint: Checkpoint) -> None:
    """Write a checkpoint so that the file at `path` is always complete: the old or the new one.

    It is written beside `path`, flushed to the disk, and moved into place with one atomic rename.

    Raises:
        TypeError: an entry could not be read back; names it.
        CheckpointError: the folder is missing or not writable, or the disk is full. What was at
            `path` before is still there.
    """
    path = Path(path)
    content = {f.name: plain(getattr(checkpoint, f.name), f.name) for f in fields(checkpoint)}
    # Always the same name, so that what a killed process leaves behind is overwritten.
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            torch.save({"format": FORMAT, **content}, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except (OSError, RuntimeError) as error:  # PyTorch's writer wraps a full disk in the latter
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise CheckpointError(_why_not_written(path, error)) from error


def _why_not_written(path: Path, error: Exception) -> str:
    kept = f"The checkpoint that was at {path} before is unchanged" if path.exists() else ""
    if not path.parent.is_dir():
        reason, action = f"the folder {path.parent} does not exist", "create it first"
    elif isinstance(error, OSError) and error.errno == errno.ENOSPC:
        reason, action = "the disk is full", "free some space, then resume the training"
    elif isinstance(error, PermissionError):
        reason, action = f"you can't write to {path.parent}", "choose another folder"
    else:
        reason, action = str(error).splitlines()[0], "see the error above"
    return f"the checkpoint {path} could not be written: {reason}; {action}. {kept}".strip()


def load(path: Path | str) -> Checkpoint:
    """Read a checkpoint into the CPU's memory. Only tensors and plain values are read.

    Args:
        path: where `save` has written it.

    Raises:
        CheckpointNotFoundError: there is no such file.
        CheckpointError: the file is damaged, can't be read, or is not a checkpoint of this package.
    """
    path = Path(path)
    if path.is_dir():
        raise CheckpointError(f"{path} is a folder; expected the file of a checkpoint")
    if not path.exists():
        raise CheckpointNotFoundError(f"there is no checkpoint at {path}")
    try:
        _check_whole(path)
        # Several processes share one copy of the file in memory.
        several = distributed.size() > 1
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=several)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} was refused: it holds objects that would run code when they are loaded. If "
            "you trust its source, save its weights again as a plain state_dict"
        ) from error
    except OSError as error:
        raise CheckpointError(f"{path} can't be read: {error.strerror or error}") from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise CheckpointError(_another_kind(path, content))
    try:
        return Checkpoint(**content)
    except TypeError as error:  # a field too many or too few
        raise CheckpointError(
            f"{path} was written by another version of this package, torchbook "
            f"{content.get('versions', {}).get('torchbook', 'unknown')}: {error}"
        ) from error


def _check_whole(path: Path) -> None:
    """Raise CheckpointError if a file is not a zip archive with correct checksums, as all are."""
    size = f"{path} ({path.stat().st_size:,} bytes)"
    if path.stat().st_size and not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            is_cut_off = file.read(2) == b"PK"
        if not is_cut_off:
            raise CheckpointError(
                f"{size} is not a checkpoint of a training with torchbook: it is a file of another "
                "kind"
            )
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except zipfile.BadZipFile:
        damaged = "its table of contents"
    if damaged is not None:
        raise CheckpointError(
            f"{size} is damaged ({damaged}), perhaps by a copy that broke off: copy it again, use "
            "an older checkpoint, or train again from the start"
        )


def _another_kind(path: Path, content: Any) -> str:
    kind = (
        f"a dictionary with the keys {', '.join(map(str, list(content)[:5]))}"
        if isinstance(content, dict)
        else f"a {type(content).__name__}"
    )
    return (
        f"{path} is not a checkpoint of a training with this version of torchbook; it holds {kind}."
        " A bare state_dict is loaded with "
        "model.load_state_dict(torch.load(path, weights_only=True))"
    )


def load_weights(model: nn.Module, path: Path | str) -> Checkpoint:
    """Load a checkpoint's weights into a model: the best ones, if they were kept, else the last.

    Args:
        model: built like the one that was trained; changed in place.
        path: where `fit` has written the checkpoint.

    Returns:
        The checkpoint, for its `config` and `history`.

    Raises:
        CheckpointNotFoundError: there is no such file.
        CheckpointError: the file is damaged, or not a checkpoint of this package.
        CheckpointMismatchError: the weights belong to another model; says which keys differ.
    """
    checkpoint = load(path)
    if checkpoint.shards is not None:
        folder = Path(path).with_name(checkpoint.shards)
        part = "best" if checkpoint.optimizer["has_best"] else "model"
        check_belongs(model.state_dict(), shards.stored(folder, part), path)
        model.load_state_dict(shards.read_weights(folder, model, part))
        return checkpoint
    weights = without_wrappers(checkpoint.best or checkpoint.model)
    check_belongs(model.state_dict(), weights, path)
    model.load_state_dict(weights)
    return checkpoint


def without_wrappers(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a `state_dict` without the prefixes of `torch.compile` and `DataParallel`."""
    names = [name.replace("_orig_mod.", "") for name in state]
    if names and all(name.startswith("module.") for name in names):
        names = [name.removeprefix("module.") for name in names]
    return dict(zip(names, state.values(), strict=True))


def check_belongs(model: Mapping[str, Any], saved: Mapping[str, Any], path: Path | str) -> None:
    """Check that a checkpoint's weights fit a model.

    Args:
        model: the model's `state_dict`.
        saved: the one from the checkpoint.
        path: of the checkpoint, for the message.

    Raises:
        CheckpointMismatchError: names the keys that are missing, unknown, or of another shape.
    """
    shapes, saved_shapes = _shapes(model), _shapes(saved)
    differences = {
        "missing in the checkpoint": [k for k in shapes if k not in saved_shapes],
        "unknown to the model": [k for k in saved_shapes if k not in shapes],
        "of another shape": [
            f"{k} {saved_shapes[k]} instead of {shapes[k]}"
            for k in shapes
            if k in saved_shapes and saved_shapes[k] != shapes[k]
        ],
    }
    if not any(differences.values()):
        return
    listed = "; ".join(f"{what}: {_some(keys)}" for what, keys in differences.items() if keys)
    raise CheckpointMismatchError(
        f"{path} belongs to another model. {listed}. Build the model with the arguments that it "
        "was trained with. Nothing was loaded"
    )


def _shapes(state: Mapping[str, Any]) -> dict[str, list[int]]:
    return {k: list(v.shape) for k, v in state.items() if isinstance(v, Tensor)}


def _some(keys: list[str]) -> str:
    return ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")


def generator_states() -> dict[str, Any]:
    """Return the states of the generators of Python, NumPy and PyTorch, on the current device."""
    name, keys, *rest = np.random.get_state()
    states = {
        "python": random.getstate(),
        "numpy": [name, keys.tolist(), *rest],
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    if torch.backends.mps.is_available():
        states["mps"] = torch.mps.get_rng_state()
    return states


def set_generator_states(states: Mapping[str, Any]) -> None:
    """Restore what `generator_states` returned; devices that this machine lacks are left out."""
    random.setstate(states["python"])
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))
    torch.set_rng_state(states["torch"].cpu())
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"].cpu())
    if "mps" in states and torch.backends.mps.is_available():
        torch.mps.set_rng_state(states["mps"].cpu())
