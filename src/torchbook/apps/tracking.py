"""Records of training runs: settings, environment, results and curves, a folder for each run.

The curves are TensorBoard's own event files. Needs `pip install "torchbook[tracking]"`.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import torch

from torchbook.apps._extras import require
from torchbook.device import best_device, device_name
from torchbook.training import distributed

if TYPE_CHECKING:
    from torchbook.training import State

Row = dict[str, Any]


def environment() -> Row:
    """Return what a run depends on besides its settings: versions, device, threads, time."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": device_name(best_device()),
        "threads": torch.get_num_threads(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


class Run:
    """Records a training in a folder of its own; pass it to `fit` as a callback.

    >>> with Run("runs/first", {"lr": 0.001, "seed": 0}) as run:
    ...     fit(model, train, valid, optimizer, epochs=6, callbacks=[run])

    After every epoch the folder holds `run.json`, with the settings, the environment, the status
    and the last row of the history, and an event file with all rows: `valid_loss` becomes the
    scalar `loss/valid`, so that TensorBoard draws both splits side by side. The learning rate is
    recorded too. Of many processes only the first one writes.

    Args:
        folder: where to write; created if necessary. Each run needs its own.
        settings: your choices, such as the learning rate and the seed: values that JSON can hold.
        resume: continue the run in this folder. Its record is kept; no epoch is recorded twice.

    Raises:
        FileExistsError: the folder holds a run already, and `resume` is not set.
        ValueError: the folder holds a run with other settings.
        TypeError: a setting is not text, a number, a truth value, a list or a dictionary.
        ImportError: TensorBoard is not installed.
    """

    def __init__(
        self, folder: Path | str, settings: Mapping[str, Any], *, resume: bool = False
    ) -> None:
        self.folder = Path(folder)
        self.content = {
            "settings": _as_json(settings),
            "environment": environment(),
            "status": "unfinished",
            "last": {},
        }
        self.last_recorded = 0
        self.writer = None
        if distributed.rank() > 0:
            return
        tensorboard = require("torch.utils.tensorboard", "tracking")
        if is_run(self.folder):
            self._continue(resume)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._save()
        self.writer = tensorboard.SummaryWriter(str(self.folder))

    def _continue(self, resume: bool) -> None:
        if not resume:
            raise FileExistsError(
                f"{self.folder} holds a run already, and TensorBoard would draw two runs in one "
                "folder as one zigzag line: choose another folder, or pass resume=True to continue "
                "the same run"
            )
        path = self.folder / "run.json"
        if path.is_file():
            before = json.loads(path.read_text(encoding="utf-8"))
            if before["settings"] != self.content["settings"]:
                raise ValueError(
                    f"{self.folder} holds a run with other settings: {before['settings']}, not "
                    f"{self.content['settings']}"
                )
            resumed = [*before.get("resumed", []), self.content["environment"]]
            self.content = {**before, "status": "unfinished", "resumed": resumed}
        self.last_recorded = _last_step(self.folder)

    def __call__(self, state: State) -> None:
        """Record the rows that are not recorded yet; `fit` calls this after each evaluation."""
        if self.writer is None:
            return
        rows = state.history.rows
        unit = "epoch" if "epoch" in rows[-1] else "step"
        if rows[-1][unit] <= self.last_recorded:
            return
        self.content["last"] = rows[-1]
        self._save()
        for row in rows:
            for name, value in row.items():
                split, _, quantity = name.partition("_")
                if quantity and row[unit] > self.last_recorded:
                    self.writer.add_scalar(f"{quantity}/{split}", value, row[unit])
        self.last_recorded = rows[-1][unit]
        rate = state.optimizer.param_groups[0]["lr"]
        self.writer.add_scalar("learning_rate", rate, self.last_recorded)
        self.writer.flush()

    def _save(self) -> None:
        """Replace run.json atomically, so that it is complete at any moment."""
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
    """Tell whether a folder holds a run: a `run.json`, or event files of any program."""
    folder = Path(folder)
    return (folder / "run.json").is_file() or any(folder.glob("*tfevents*"))


def _as_json(settings: Mapping[str, Any]) -> Row:
    """Return the settings as JSON gives them back, or name the one that it cannot hold."""
    for name, value in settings.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"setting {name!r} is a {type(value).__name__}, which a JSON file cannot hold: "
                "use text or a number instead"
            ) from error
    return json.loads(json.dumps(dict(settings)))


def _last_step(folder: Path) -> int:
    """Return the last step of all curves in the folder's event files, 0 if there is none."""
    module = require("tensorboard.backend.event_processing.event_accumulator", "tracking")
    events = module.EventAccumulator(str(folder)).Reload()
    return max((events.Scalars(tag)[-1].step for tag in events.Tags()["scalars"]), default=0)


def read_runs(folder: Path | str) -> list[Row]:
    """Return a row for each `Run` below a folder: name, settings, status and last results.

    A measured value replaces a setting of the same name, such as "epoch".
    """
    rows = []
    for path in sorted(Path(folder).rglob("run.json"), key=str):
        content = json.loads(path.read_text(encoding="utf-8"))
        name = path.parent.relative_to(folder).as_posix()
        status = {"status": content["status"]}
        rows.append({"run": name, **content["settings"], **status, **content["last"]})
    return rows
