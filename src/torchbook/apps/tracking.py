"""Runs that are written down: settings, surroundings and curves, in a folder each.

The curves are TensorBoard's own event files, so that the program `tensorboard` shows them too.
Needs `pip install "torchbook[tracking]"`.
"""

from __future__ import annotations

import importlib
import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import torch

from torchbook.device import best_device, device_name
from torchbook.training import distributed

if TYPE_CHECKING:
    from torchbook.training import State

Row = dict[str, Any]


def _needed(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"this needs the module {name.partition('.')[0]}, which is not installed: "
            'pip install "torchbook[tracking]"'
        ) from error


def surroundings() -> Row:
    """Return what a run depends on besides its settings: versions, device, threads, time."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": device_name(best_device()),
        "threads": torch.get_num_threads(),
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
    }


class Run:
    """Writes a training down, in a folder of its own; hand it to `fit` as a callback.

    >>> with Run("runs/first", {"lr": 0.001, "seed": 0}) as run:
    ...     fit(model, train, valid, optimizer, epochs=6, callbacks=[run])

    The folder then holds `run.json`, with settings, surroundings, how it ended and the last row of
    the history, and an event file, with every row: `valid_loss` as the scalar `loss/valid`, so that
    TensorBoard draws both splits side by side, and the learning rate. Of many processes only the
    first one writes.

    Args:
        folder: where to; made if it is not there. Each run needs its own.
        settings: what you chose, such as the learning rate and the seed: values that JSON knows.
        resume: go on in a folder that holds the beginning of the same run. Epochs that are there
            already are not written twice.

    Raises:
        FileExistsError: the folder holds a run already, and `resume` is not set.
        ValueError: the folder holds a run with other settings.
        TypeError: a setting is no text, number, truth value, list or dictionary.
        ImportError: TensorBoard is not installed.
    """

    def __init__(
        self, folder: Path | str, settings: Mapping[str, Any], *, resume: bool = False
    ) -> None:
        self.folder = Path(folder)
        self.content = {
            "settings": _plain(settings),
            "surroundings": surroundings(),
            "status": "unfinished",
            "last": {},
        }
        self.n_written = 0
        self.writer = None
        if distributed.rank() > 0:
            return
        tensorboard = _needed("torch.utils.tensorboard")
        if is_run(self.folder):
            self._check_same(resume)
            curves = read_scalars(self.folder)
            self.n_written = max((step for c in curves.values() for step, _ in c), default=0)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._save()
        self.writer = tensorboard.SummaryWriter(str(self.folder))

    def _check_same(self, resume: bool) -> None:
        if not resume:
            raise FileExistsError(
                f"{self.folder} holds a run already, and two runs in one folder become one "
                "zigzag: choose another name (or resume=True to go on with the same run)"
            )
        path = self.folder / "run.json"
        before = json.loads(path.read_text(encoding="utf-8"))["settings"] if path.exists() else None
        if before not in (None, self.content["settings"]):
            raise ValueError(
                f"{self.folder} holds a run with other settings: {before}, not "
                f"{self.content['settings']}"
            )

    def __call__(self, state: State) -> None:
        """Write the epochs that are not written yet; `fit` calls this after each."""
        if self.writer is None:
            return
        rate = state.optimizer.param_groups[0]["lr"]
        for row in state.history.rows[self.n_written :]:
            for name, value in row.items():
                split, _, quantity = name.partition("_")
                if quantity:
                    self.writer.add_scalar(f"{quantity}/{split}", value, row["epoch"])
        self.writer.add_scalar("learning_rate", rate, state.epoch)
        self.writer.flush()
        self.n_written = len(state.history)
        self.content["last"] = state.history.rows[-1]

    def _save(self) -> None:
        """Write run.json beside its place, then rename: whole at any moment."""
        unfinished = self.folder / "run.json.new"
        unfinished.write_text(json.dumps(self.content, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(self.folder / "run.json")

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.writer is None:
            return
        self.content["status"] = "finished" if kind is None else f"failed: {kind.__name__}"
        self._save()
        self.writer.close()


def is_run(folder: Path | str) -> bool:
    """Tell whether a folder holds a run: our own file, or anybody's event file."""
    folder = Path(folder)
    return (folder / "run.json").is_file() or any(folder.glob("*tfevents*"))


def _plain(settings: Mapping[str, Any]) -> Row:
    """Return the settings as JSON gives them back, or say which one it can't hold."""
    for name, value in settings.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"setting {name!r} is a {type(value).__name__}, which a JSON file can't hold: "
                "give a text or a number in its place"
            ) from error
    return json.loads(json.dumps(dict(settings)))


def read_scalars(folder: Path | str) -> dict[str, list[tuple[int, float]]]:
    """Read back the curves of a run, as TensorBoard itself reads them.

    Args:
        folder: with event files, whoever wrote them.

    Returns:
        For each name of a curve its points, pairs of step and value, in the order of the file.

    Raises:
        FileNotFoundError: there is no event file.
        ImportError: TensorBoard is not installed.
    """
    folder = Path(folder)
    if not any(folder.glob("*tfevents*")):
        raise FileNotFoundError(f"no event file (its name has tfevents in it) lies in {folder}")
    module = _needed("tensorboard.backend.event_processing.event_accumulator")
    # 0: keep all points, not a sample of them
    reader = module.EventAccumulator(str(folder), size_guidance={module.SCALARS: 0}).Reload()
    return {
        name: [(event.step, event.value) for event in reader.Scalars(name)]
        for name in sorted(reader.Tags()["scalars"])
    }


def read_runs(folder: Path | str) -> list[Row]:
    """Return a row for each `Run` below a folder: name, settings, status, and where it ended.

    A setting that has the name of a measured value, such as "epoch", gives way to that.
    """
    rows = []
    for path in sorted(Path(folder).rglob("run.json"), key=str):
        content = json.loads(path.read_text(encoding="utf-8"))
        name = path.parent.relative_to(folder).as_posix()
        status = {"status": content["status"]}
        rows.append({"run": name, **content["settings"], **status, **content["last"]})
    return rows
