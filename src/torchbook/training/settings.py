"""What must stay the same between a training and its resumption, and how to say what does not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch.optim import Optimizer

from torchbook.training.checkpoint import CheckpointMismatchError, plain

# What changes how fast an optimiser is, not what it does; and what a scheduler adds to it.
NOT_COMPARED = {"params", "foreach", "fused", "capturable", "differentiable", "initial_lr"}
GROUPS = "optimizer's number of groups"


def describe_optimizer(optimizer: Optimizer) -> dict[str, Any]:
    """Return an optimiser's class and the settings of each of its groups, by name."""
    settings: dict[str, Any] = {"optimizer": type(optimizer).__name__}
    groups = optimizer.param_groups
    settings[GROUPS] = len(groups)
    for i, group in enumerate(groups):
        where = "" if len(groups) == 1 else f" of group {i}"
        settings[f"optimizer's number of parameters{where}"] = len(group["params"])
        for name, value in group.items():
            if name not in NOT_COMPARED:
                settings[f"optimizer's {name}{where}"] = _comparable(value)
    return settings


def describe_scheduler(scheduler: Any) -> dict[str, Any]:
    """Return a new scheduler's class and settings, by name.

    A function inside it, such as that of `LambdaLR`, can't be compared and is left out.
    """
    if scheduler is None:
        return {"scheduler": None}
    state = plain(scheduler.state_dict(), "scheduler")
    settings = {f"scheduler's {name}": _comparable(value) for name, value in state.items()}
    return {"scheduler": type(scheduler).__name__, **settings}


def _comparable(value: Any) -> Any:
    """Return a tensor as numbers; of anything else, a plain form."""
    return value.tolist() if hasattr(value, "tolist") else plain(value, "a setting")


def check_settings(settings: Mapping[str, Any], saved: Mapping[str, Any], path: Path | str) -> None:
    """Check that a training goes on as it began.

    Raises:
        CheckpointMismatchError: names each setting that differs, with both values.
    """
    differing = [name for name in {**settings, **saved} if settings.get(name) != saved.get(name)]
    # Another class, or other groups, have other settings: no need to list them all.
    for name in ("optimizer", GROUPS, "scheduler"):
        if name in differing:
            owner = name.split("'")[0]
            differing = [n for n in differing if n == name or not n.startswith(f"{owner}'s ")]
    if differing:
        listed = "; ".join(
            f"{name} was {saved.get(name)!r} and is now {settings.get(name)!r}"
            for name in differing
        )
        raise CheckpointMismatchError(
            f"{path} can't be resumed with other settings: {listed}. Use the old ones, or start "
            "again with another checkpoint file. To train on with new settings, load the weights "
            "with torchbook.training.checkpoint.load_weights"
        )
