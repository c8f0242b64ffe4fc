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

FORMAT = "torchbook checkpoint, version 1"


class CheckpointError(RuntimeError):
    """A file is no checkpoint of ours, or a damaged one, or could not be written."""


class CheckpointNotFoundError(CheckpointError, FileNotFoundError):
    """There is no checkpoint at this path."""


class CheckpointExistsError(CheckpointError, FileExistsError):
    """There is a file already where a new training would save its checkpoint."""


class CheckpointMismatchError(CheckpointError):
    """A checkpoint does not belong to this model, or to these settings."""


@dataclass
class Checkpoint:
    """All that a training needs to go on as if it had never stopped.

    Attributes:
        model: the model's `state_dict`.
        optimizer: the optimiser's.
        scheduler: the scheduler's, if there is one.
        scaler: the gradient scaler's, in float16.
        batches: the position in the data: that of the training batches.
        generators: the states of the random number generators, one entry for each process.
        epoch: finished epochs.
        step: optimiser steps, in all epochs together.
        partial: loss and metrics of the unfinished epoch so far; None between epochs.
        history: the table of the finished epochs.
        seconds: spent in the unfinished epoch.
        best: the weights of the best epoch, if they are kept.
        settings: what must be the same for the rest of the training.
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
    partial: dict[str, Any] | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    best: dict[str, Any] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=lambda: versions())


def versions() -> dict[str, str]:
    """Return the versions of Python, PyTorch and this package."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),  # a class of its own, which a safe load refuses
        "torchbook": __version__,
    }


def save(path: Path | str, checkpoint: Checkpoint) -> None:
    """Write a checkpoint so that the file at `path` is always a whole one: the old or the new.

    It is written beside `path`, brought to the disk, and moved into place with one atomic rename.

    Raises:
        CheckpointError: the folder is missing or may not be written to, or the disk is full. What
            was at `path` before is still there.
    """
    path = Path(path)
    # Field by field: `asdict` would copy every tensor.
    content = {f.name: getattr(checkpoint, f.name) for f in fields(checkpoint)}
    # One name, so that what a killed process leaves behind is overwritten by the next.
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
    kept = f"The checkpoint that was at {path} before is untouched" if path.exists() else ""
    if not path.parent.is_dir():
        reason, step = f"the folder {path.parent} does not exist", "make it first"
    elif isinstance(error, OSError) and error.errno == errno.ENOSPC:
        reason, step = "the disk is full", "free some space, then resume the training"
    elif isinstance(error, PermissionError):
        reason, step = f"{path.parent} may not be written to", "choose another folder"
    else:
        reason, step = str(error).splitlines()[0], "see the error above"
    return f"the checkpoint {path} could not be written: {reason}; {step}. {kept}".strip()


def load(path: Path | str, device: torch.device | str = "cpu") -> Checkpoint:
    """Read a checkpoint. Only tensors and plain values are read, no code is run.

    Args:
        path: where `save` has written it.
        device: where its tensors go.

    Raises:
        CheckpointNotFoundError: there is no such file.
        CheckpointError: the file is damaged, or no checkpoint of this package.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointNotFoundError(f"there is no checkpoint at {path}")
    try:
        if not zipfile.is_zipfile(path):  # which all are; others could only be of another kind
            raise pickle.UnpicklingError("not a zip archive")
        content = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # damaged bytes can trip over anything
        raise CheckpointError(
            f"{path} ({path.stat().st_size:,} bytes) cannot be read as a checkpoint: it is "
            "damaged, or of another kind. Files that would run code when opened are refused. Take "
            "an older checkpoint, or train anew"
        ) from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        kind = (
            f"a dictionary with the keys {', '.join(map(str, list(content)[:5]))}"
            if isinstance(content, dict)
            else f"a {type(content).__name__}"
        )
        raise CheckpointError(
            f"{path} is not a checkpoint of a training with torchbook, it holds {kind}. A bare "
            "state_dict is loaded with model.load_state_dict(torch.load(path, weights_only=True))"
        )
    try:
        return Checkpoint(**content)
    except TypeError as error:  # a field too many or too few
        raise CheckpointError(
            f"{path} was written by another version of this package, torchbook "
            f"{content.get('versions', {}).get('torchbook', 'unknown')}: {error}"
        ) from error


def load_weights(model: nn.Module, path: Path | str) -> Checkpoint:
    """Put a checkpoint's weights into a model: those of the best epoch, if they were kept.

    Args:
        model: built as the one that was trained; changed in place.
        path: where `save` has written the checkpoint.

    Returns:
        The checkpoint, for its `config` and `history`.

    Raises:
        CheckpointNotFoundError: there is no such file.
        CheckpointError: the file is damaged, or no checkpoint of this package.
        CheckpointMismatchError: the weights belong to another model; says which keys differ.
    """
    checkpoint = load(path)
    weights = checkpoint.best or checkpoint.model
    check_belongs(model.state_dict(), weights, path)
    model.load_state_dict(weights)
    return checkpoint


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


def check_settings(settings: Mapping[str, Any], saved: Mapping[str, Any], path: Path | str) -> None:
    """Check that a training goes on as it began.

    Raises:
        CheckpointMismatchError: names each setting that differs, with both values.
    """
    differing = [
        f"{name} was {saved.get(name)!r} and is now {value!r}"
        for name, value in settings.items()
        if saved.get(name) != value
    ]
    if differing:
        raise CheckpointMismatchError(
            f"{path} cannot be resumed with other settings: {'; '.join(differing)}. Use the old "
            "ones, or begin anew with another checkpoint file"
        )


def _shapes(state: Mapping[str, Any]) -> dict[str, list[int]]:
    return {k: list(v.shape) for k, v in state.items() if isinstance(v, Tensor)}


def _some(keys: list[str]) -> str:
    return ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")


def generator_states() -> dict[str, Any]:
    """Return the states of Python's, NumPy's and PyTorch's random numbers, on all devices."""
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
    """Put back what `generator_states` returned; devices that are not here are left out."""
    random.setstate(states["python"])
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))
    torch.set_rng_state(states["torch"].cpu())
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"].cpu())
    if "mps" in states and torch.backends.mps.is_available():
        torch.mps.set_rng_state(states["mps"].cpu())
