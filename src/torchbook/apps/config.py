"""The settings of a training from the command line: read from TOML, checked, plain dataclasses.

`load` reads a file and what overrides it; `Config` holds all sections, each of which checks itself,
so that settings are right however they came about. Nothing here imports PyTorch before it must.
"""

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import Any, ClassVar, get_args

NONE = "none"  # how a setting says that it is not wanted: TOML has no word for that


class ConfigError(ValueError):
    """A setting is unknown, of the wrong type or out of range, or a file of them is no TOML."""


def setting(
    default: Any,
    meaning: str,
    *,
    at_least: float | None = None,
    above: float | None = None,
    below: float | None = None,
    among: Sequence[str] | Callable[[], Sequence[str]] = (),
    by_name: Mapping[str, Any] | None = None,
) -> Any:
    """Declare one setting of a section.

    Args:
        default: its value if nothing is said.
        meaning: a few words for the file that `to_toml` writes.
        at_least: the smallest number that is allowed.
        above: what the number must be larger than.
        below: what the number must be smaller than.
        among: the texts that are allowed, or a function that returns them.
        by_name: for which `name` of its section there is such a setting, with each one's default.
    """
    bounds = {"of at least": at_least, "above": above, "below": below}
    metadata = {
        "meaning": meaning,
        "bounds": {word: bound for word, bound in bounds.items() if bound is not None},
        "among": among,
        "by_name": by_name,
    }
    return field(default=default, metadata=metadata)


class Section:
    """A table of settings, which checks each of them when it is made."""

    table: ClassVar[str]

    def __post_init__(self) -> None:
        for declared in fields(self):
            value = getattr(self, declared.name)
            value = _checked(f"{self.table}.{declared.name}", value, declared)
            by_name = declared.metadata["by_name"]
            if by_name is not None:
                value = self._of_this_name(declared.name, value, by_name)
            object.__setattr__(self, declared.name, value)  # the way past "frozen"

    def _of_this_name(self, key: str, value: Any, by_name: Mapping[str, Any]) -> Any:
        """Return the value, or its default if this `name` has such a setting and none was given."""
        if self.name in by_name:
            return by_name[self.name] if value is None else value
        if value is not None:
            raise ConfigError(
                f"{self.table}.{key} is a setting of {_listed(by_name)}, but {self.table}.name is "
                f'"{self.name}": leave it out, or choose another {self.table}.name'
            )
        return None


def _data_sets() -> list[str]:
    from torchbook.data.sets.registry import DATA_SETS

    return list(DATA_SETS)


@dataclass(frozen=True)
class Data(Section):
    """What to learn from."""

    table: ClassVar[str] = "data"

    name: str = setting("fashion_mnist", "see: torchbook data", among=_data_sets)
    batch_size: int = setting(64, "examples for each gradient, of all processes", at_least=1)
    n_valid: int | None = setting(None, "validation examples; none: what is usual", at_least=1)
    augment: str = setting(NONE, 'none, or "flip": mirror half of them', among=(NONE, "flip"))


@dataclass(frozen=True)
class Model(Section):
    """What learns. How many inputs and classes it has follows from the data."""

    table: ClassVar[str] = "model"

    name: str = setting(
        "SmallCNN",
        "LinearClassifier, TwoLayerClassifier, TinyVGG, SmallCNN",
        among=("LinearClassifier", "TwoLayerClassifier", "TinyVGG", "SmallCNN"),
    )
    width: int | None = setting(
        None, "channels of the first convolution", at_least=1, by_name={"SmallCNN": 16}
    )
    hidden_units: int | None = setting(
        None, "channels of every convolution", at_least=1, by_name={"TinyVGG": 10}
    )
    n_hidden: int | None = setting(
        None, "width of the hidden layer", at_least=1, by_name={"TwoLayerClassifier": 100}
    )


@dataclass(frozen=True)
class Optimizer(Section):
    """How it learns."""

    table: ClassVar[str] = "optimizer"

    name: str = setting("AdamW", "SGD, Adam, AdamW", among=("SGD", "Adam", "AdamW"))
    lr: float | None = setting(
        None,
        "the learning rate, at its highest",
        above=0,
        by_name={"SGD": 0.05, "Adam": 0.002, "AdamW": 0.005},
    )
    weight_decay: float | None = setting(
        None,
        "pulls matrices and kernels towards 0; biases and scales never",
        at_least=0,
        by_name={"SGD": 0.0005, "Adam": 0.0, "AdamW": 0.05},
    )
    momentum: float | None = setting(
        None, "how much of the last steps goes on", at_least=0, below=1, by_name={"SGD": 0.9}
    )


@dataclass(frozen=True)
class Schedule(Section):
    """How the learning rate changes on the way."""

    table: ClassVar[str] = "schedule"

    name: str = setting("one_cycle", "none, one_cycle, cosine", among=(NONE, "one_cycle", "cosine"))
    warm_up: float | None = setting(
        None,
        "the share of all steps in which it grows",
        at_least=0,
        below=1,
        by_name={"one_cycle": 0.25, "cosine": 0.05},
    )


@dataclass(frozen=True)
class Training(Section):
    """How long, how exactly, how fast."""

    table: ClassVar[str] = "training"

    epochs: int = setting(4, "how often to go through the training split", at_least=1)
    seed: int = setting(0, "the same seed gives the same run on one CPU", at_least=0)
    precision: str = setting(
        "float32",
        "float32, or mixed with bfloat16 or float16",
        among=("float32", "bfloat16", "float16"),
    )
    compile: bool = setting(False, "torch.compile: measure whether that pays")
    channels_last: bool = setting(True, "the layout in which convolutions are fastest")
    clip_norm: float | None = setting(None, "shorten gradients longer than this", above=0)
    accumulate: int = setting(1, "batches for each step", at_least=1)
    patience: int | None = setting(None, "epochs without a better one until it stops", at_least=1)
    keep_best: bool = setting(False, "end with the weights of the best epoch, not the last")


@dataclass(frozen=True)
class Checkpoint(Section):
    """Where everything is saved."""

    table: ClassVar[str] = "checkpoint"

    path: str | None = setting("model.pt", "written after each epoch; none: nothing is kept")
    every: int | None = setting(None, "and after this many steps", at_least=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.path == "":
            raise ConfigError('checkpoint.path must be the name of a file or "none", but is ""')
        if self.every is not None and self.path is None:
            raise ConfigError(
                f"checkpoint.every is {self.every}, but there is no file to save to: set "
                "checkpoint.path too"
            )


@dataclass(frozen=True)
class Config:
    """All settings of a training.

    Raises:
        ConfigError: names the setting, what came and what was expected.
    """

    data: Data = field(default_factory=Data)
    model: Model = field(default_factory=Model)
    optimizer: Optimizer = field(default_factory=Optimizer)
    schedule: Schedule = field(default_factory=Schedule)
    training: Training = field(default_factory=Training)
    checkpoint: Checkpoint = field(default_factory=Checkpoint)

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Return the settings as plain dictionaries, one for each section; `parse` reads them."""
        return {
            table: {f.name: getattr(getattr(self, table), f.name) for f in fields(section)}
            for table, section in SECTIONS.items()
        }

    def differences(self, other: "Config") -> dict[str, tuple[Any, Any]]:
        """Return the settings, by their full name, that differ, with this one's and the other's."""
        mine, theirs = self.as_dict(), other.as_dict()
        return {
            f"{table}.{key}": (value, theirs[table][key])
            for table, settings in mine.items()
            for key, value in settings.items()
            if value != theirs[table][key]
        }

    def to_toml(self) -> str:
        """Return the settings as a TOML file with a word on each, which `load` reads again."""
        lines = ["# Settings for torchbook train. What is left out has the value that it has here."]
        for table, section in SECTIONS.items():
            lines += ["", f"[{table}]  # {(section.__doc__ or '').rstrip('.')}"]
            for declared in fields(section):
                value = getattr(getattr(self, table), declared.name)
                if value is None and declared.metadata["by_name"] is not None:
                    continue  # of another model, optimiser or schedule
                assignment = f"{declared.name} = {_toml(NONE if value is None else value)}"
                lines.append(f"{assignment:<28}# {declared.metadata['meaning']}")
        return "\n".join(lines) + "\n"


SECTIONS: dict[str, type[Section]] = {
    section.table: section for section in (Data, Model, Optimizer, Schedule, Training, Checkpoint)
}
KEYS = [f"{table}.{f.name}" for table, section in SECTIONS.items() for f in fields(section)]


def load(path: Path | str | None = None, overrides: Sequence[str] = ()) -> Config:
    """Read settings from a TOML file, and then what overrides them.

    Args:
        path: the file; None for the defaults.
        overrides: texts such as "training.epochs=5". The value is TOML; a word that is none, such
            as TinyVGG, is taken as text, so that nobody has to quote quotes.

    Raises:
        ConfigError: names the file or the override, the setting, what came, what was expected.
    """
    tables = {} if path is None else _read(Path(path))
    origins = dict.fromkeys(_paths(tables), str(path))
    for override in overrides:
        table, key, value = _read_override(override)
        before = tables.get(table, {})
        if isinstance(before, Mapping):  # if not, `parse` will say so
            tables[table] = {**before, key: value}
        origins[f"{table}.{key}"] = f"--set {override}"
        origins.setdefault(table, f"--set {override}")
    return parse(tables, origins)


def parse(tables: Mapping[str, Any], origins: Mapping[str, str] | None = None) -> Config:
    """Make settings of nested dictionaries.

    Args:
        tables: a dictionary for each section; what is missing has its default.
        origins: where a setting ("training.epochs") came from, for the message.

    Raises:
        ConfigError: names the setting, what came and what was expected.
    """
    sections = {}
    for table, settings in tables.items():
        try:
            sections[table] = _section(table, settings)
        except ConfigError as error:
            raise ConfigError(_with_origin(str(error), table, origins or {})) from None
    return Config(**sections)


def _section(table: str, settings: Any) -> Section:
    if table not in SECTIONS:
        if isinstance(settings, Mapping):
            near = difflib.get_close_matches(table, SECTIONS, n=1)
            hint = f"did you mean [{near[0]}]?" if near else f"there are {_listed(SECTIONS)}"
            raise ConfigError(f"[{table}] is no section; {hint}")
        raise ConfigError(f"{table} stands outside every section{_did_you_mean(table)}")
    if not isinstance(settings, Mapping):
        raise ConfigError(
            f"{table} must be a section with settings, [{table}], but is {_described(settings)}"
        )
    section = SECTIONS[table]
    known = [f.name for f in fields(section)]
    for key in settings:
        if key not in known:
            hint = _did_you_mean(f"{table}.{key}") or f"; [{table}] has {_listed(known)}"
            raise ConfigError(f"{table}.{key} is no setting{hint}")
    return section(**settings)


def _with_origin(message: str, table: str, origins: Mapping[str, str]) -> str:
    """Put before a message where its setting came from, which it names first."""
    origin = origins.get(message.split(" ", 1)[0], origins.get(table))
    return message if origin is None else f"{origin}: {message}"


def _did_you_mean(name: str) -> str:
    """Return a hint at the setting with nearly this name, here or in another section."""
    table, _, last = name.rpartition(".")
    here = [key.partition(".")[2] for key in KEYS if key.startswith(f"{table}.")]
    near = [f"{table}.{match}" for match in difflib.get_close_matches(last, here, n=1)]
    if not near:  # perhaps it stands in the wrong place
        everywhere = [key.partition(".")[2] for key in KEYS]
        matches = difflib.get_close_matches(last, everywhere, n=1)
        near = [key for key in KEYS if key.partition(".")[2] in matches]
    return f"; did you mean {_listed(near, 'or')}?" if near else ""


def _paths(tables: Mapping[str, Any]) -> list[str]:
    inner = [
        f"{table}.{key}"
        for table, settings in tables.items()
        if isinstance(settings, Mapping)
        for key in settings
    ]
    return [*tables, *inner]


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"there is no file {path}. To get one with all settings: "
            "torchbook train --show-config > run.toml"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is no UTF-8 text" if isinstance(error, ValueError) else error.strerror
        raise ConfigError(f"{path} cannot be read: {reason}") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_not_toml(path, text, str(error))) from None


def _not_toml(path: Path, text: str, reason: str) -> str:
    """Return what is wrong with a file, and the line where it is wrong."""
    place = re.search(r" \(at line (\d+), column \d+\)$", reason)
    if place is None:  # "at end of document"
        return f"{path} is not TOML: {reason}"
    number = int(place[1])
    line = text.splitlines()[number - 1].strip()
    return f"{path}, line {number} is not TOML: {reason[: place.start()]}: {line}"


def _read_override(override: str) -> tuple[str, str, Any]:
    """Split "section.key=value", the value being TOML or a plain word."""
    name, equals, text = override.partition("=")
    table, dot, key = name.strip().partition(".")
    if not (equals and dot and table and key):
        hint = _did_you_mean(name.strip()) if equals else ""
        raise ConfigError(
            f"--set {override}: expected SECTION.KEY=VALUE, such as training.epochs=5{hint}"
        )
    try:
        value = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        value = {"value": text.strip()}
    if list(value) != ["value"]:  # a line break smuggled in another key
        value = {"value": text.strip()}
    return table, key, value["value"]


def _checked(key: str, value: Any, declared: Field) -> Any:
    """Return the value as its type has it, or raise ConfigError."""
    types = get_args(declared.type) if isinstance(declared.type, UnionType) else (declared.type,)
    optional = type(None) in types
    if optional and (value is None or value == NONE):
        return None
    kind, metadata = types[0], declared.metadata
    among = metadata["among"]
    among = among() if callable(among) else among
    right_kind = type(value) in ((int, float) if kind is float else (kind,))
    if right_kind and _in_range(value, metadata["bounds"]) and (not among or value in among):
        return kind(value)
    expected = _expected(kind, metadata["bounds"], among)
    if optional and metadata["by_name"] is None:
        expected += f' or "{NONE}"'
    near = difflib.get_close_matches(value, among, n=1) if isinstance(value, str) else []
    hint = f"; did you mean {near[0]}?" if near else ""
    came = _toml(value) if right_kind else _described(value)
    raise ConfigError(f"{key} must be {expected}, but is {came}{hint}")


_CHECKS: dict[str, Callable[[float, float], bool]] = {
    "of at least": lambda value, bound: value >= bound,
    "above": lambda value, bound: value > bound,
    "below": lambda value, bound: value < bound,
}


def _in_range(value: Any, bounds: Mapping[str, float]) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return all(_CHECKS[word](value, bound) for word, bound in bounds.items())


_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}


def _expected(kind: type, bounds: Mapping[str, float], among: Sequence[str]) -> str:
    if among:
        return f"{'one of ' if len(among) > 1 else ''}{_listed(among, 'or')}"
    return " ".join([_KINDS[kind], " and ".join(f"{w} {b:g}" for w, b in bounds.items())]).strip()


def _described(value: Any) -> str:
    """Return a value as TOML has it, with its kind."""
    if isinstance(value, bool):
        return _toml(value)
    return f"{_toml(value)} ({_KINDS.get(type(value), f'a {type(value).__name__}')})"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        # Control characters must not stand in a text.
        return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda c: f"\\u{ord(c[0]):04x}", escaped) + '"'
    return str(value)


def _listed(names: Any, word: str = "and") -> str:
    *most, last = map(str, names)
    return f"{', '.join(most)} {word} {last}" if most else last
