"""Where and with what it was measured, and the file that says so."""

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from torchbook.device import best_device, device_name

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("torch", "torchvision", "numpy", "lightning", "fastai", "accelerate", "skorch")


def processor() -> str:
    """Return the CPU's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ", 1)[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def load() -> float | None:
    """Return how many processes wanted a core in the last minute, where the system tells it."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def stolen(before: str, after: str) -> float:
    """Return which share of the time that this machine wanted to compute its host took away.

    Args:
        before: the first line of Linux's /proc/stat at the beginning of that time.
        after: the same line at its end.
    """
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    counts = zip(before.split()[1:], after.split()[1:], strict=True)
    spent = dict(zip(names, (int(last) - int(first) for first, last in counts), strict=False))
    wanted = sum(spent.values()) - spent["idle"] - spent["iowait"]
    return spent["steal"] / wanted if wanted else 0.0


def conditions() -> dict[str, Any]:
    """Return date, versions, device, processor, threads and load, before anything is measured."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()}
        | {library: version(library) for library in LIBRARIES},
        "device": device_name(best_device()),
        "cpu": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load_at_start": load(),
    }


def write(benchmark: str, model: str, content: dict[str, Any]) -> Path:
    """Write a result as JSON; one of the same name, so of the same day, is replaced."""
    device = content["device"].lower().replace(" ", "-")
    parts = (content["date"][:10], device, f"{content['threads']}-thread", benchmark, model.lower())
    path = RESULTS / f"{'_'.join(parts)}.json"
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({"benchmark": benchmark, **_rounded(content)}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value
