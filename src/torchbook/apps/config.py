"""The settings of a training run: pydantic models, read from a TOML file and `--set`.

Nothing here imports PyTorch, so that `--help`, `--show-config` and errors in settings come at once.
"""

import codecs
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

NONE = "none"  # TOML has no null: this text stands for None


class ConfigError(ValueError):
    """Settings or arguments that cannot be used.

    Attributes:
        key: the first wrong setting ("training.epochs") or section, if it is one of those.
    """

    def __init__(self, message: str, *, key: str | None = None) -> None:
        super().__init__(message)
        self.key = key


class Section(BaseModel):
    """A section of the settings.

    Attributes:
        by_name: settings that only some values of `name` have: for each value the default.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, validate_default=True
    )
    by_name: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    @field_validator("*", mode="before")
    @classmethod
    def _none_or_default(cls, value: Any, info: ValidationInfo) -> Any:
        """Turn "none" into None, and None into the default for this `name`."""
        value = None if isinstance(value, str) and value == NONE else value
        defaults = cls.by_name.get(info.field_name)
        if defaults is None or "name" not in info.data:
            return value
        name = info.data["name"]
        if value is not None and name not in defaults:
            message = f"applies only to {', '.join(defaults)}, but name is {_toml(name)}"
            raise PydanticCustomError("depends", message)
        return defaults.get(name) if value is None else value


class Data(Section):
    """The data set and its batches."""

    name: Literal["fashion_mnist", "animal_vegetable_mineral"] = "fashion_mnist"
    batch_size: int = Field(64, ge=1, description="examples per batch, over all processes")
    n_valid: int | None = Field(None, ge=1, description="validation examples; none: as usual")
    augment: Literal["flip"] | None = Field(None, description="mirror half of the images")


class Model(Section):
    """The network; its inputs and outputs follow from the data."""

    by_name: ClassVar = {
        "width": {"SmallCNN": 16},
        "hidden_units": {"TinyVGG": 10},
        "n_hidden": {"TwoLayerClassifier": 100},
    }
    name: Literal["LinearClassifier", "TwoLayerClassifier", "TinyVGG", "SmallCNN"] = "SmallCNN"
    width: int | None = Field(None, ge=1, description="channels of the first convolution")
    hidden_units: int | None = Field(None, ge=1, description="channels of every convolution")
    n_hidden: int | None = Field(None, ge=1, description="width of the hidden layer")


class Optimizer(Section):
    """How the weights are updated."""

    by_name: ClassVar = {
        "lr": {"SGD": 0.05, "Adam": 0.002, "AdamW": 0.005},
        "weight_decay": {"SGD": 0.0005, "Adam": 0.0, "AdamW": 0.05},
        "momentum": {"SGD": 0.9},
    }
    name: Literal["SGD", "Adam", "AdamW"] = "AdamW"
    lr: float | None = Field(None, gt=0, description="the highest learning rate")
    weight_decay: float | None = Field(None, ge=0, description="never for biases and scales")
    momentum: float | None = Field(None, ge=0, lt=1, description="share of the last update kept")


class Schedule(Section):
    """How the learning rate changes during training."""

    by_name: ClassVar = {"warm_up": {"one_cycle": 0.25, "cosine": 0.05}}
    name: Literal["one_cycle", "cosine"] | None = "one_cycle"
    warm_up: float | None = Field(None, ge=0, lt=1, description="share of steps in which it rises")


class Training(Section):
    """How long and how to train."""

    epochs: int = Field(4, ge=1, description="passes through the training split")
    seed: int = Field(0, ge=0, lt=2**31, description="the same seed repeats a run on one CPU")
    precision: Literal["float32", "tf32", "bfloat16", "float16"] = "float32"
    compile: bool = Field(False, description="torch.compile: measure whether it pays")
    channels_last: bool = Field(True, description="the fastest memory layout for convolutions")
    clip_norm: float | None = Field(None, gt=0, description="the largest norm of the gradient")
    accumulate: int = Field(1, ge=1, description="batches per optimiser step")
    patience: int | None = Field(None, ge=1, description="epochs without a best before it stops")
    keep_best: bool = Field(False, description="end with the weights of the best epoch")


class Checkpoint(Section):
    """Where the training is saved."""

    path: str | None = Field("model.pt", min_length=1, description="saved after each epoch")
    every: int | None = Field(None, ge=1, description="also saved after so many steps")

    @field_validator("every")
    @classmethod
    def _needs_path(cls, every: int | None, info: ValidationInfo) -> int | None:
        if every is not None and info.data.get("path", "") is None:
            raise PydanticCustomError("depends", "needs a file to save to: set checkpoint.path")
        return every


class Config(BaseModel):
    """All settings of a training run."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    data: Data = Field(default_factory=Data)
    model: Model = Field(default_factory=Model)
    optimizer: Optimizer = Field(default_factory=Optimizer)
    schedule: Schedule = Field(default_factory=Schedule)
    training: Training = Field(default_factory=Training)
    checkpoint: Checkpoint = Field(default_factory=Checkpoint)

    def differences(self, other: "Config") -> dict[str, tuple[Any, Any]]:
        """Return the settings that differ, each with this configuration's value and the other's."""
        mine, theirs = self.model_dump(), other.model_dump()
        pairs = {
            f"{section}.{name}": (value, theirs[section][name])
            for section, settings in mine.items()
            for name, value in settings.items()
        }
        return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}

    def to_toml(self) -> str:
        """Return the settings as a TOML file with comments, which `load` reads back.

        It is ASCII, which survives whatever encoding a shell redirects it in.
        """
        lines = ["# Settings for torchbook train. Those that are left out have the values shown."]
        for section, settings in self:
            lines += ["", f"[{section}]  # {(settings.__doc__ or '').rstrip('.')}"]
            for name, value in settings:
                if value is None and name in settings.by_name:
                    continue  # it does not apply
                field = FIELDS[f"{section}.{name}"]
                meaning = ": ".join(filter(None, [", ".join(_choices(field)), field.description]))
                lines.append(f"{f'{name} = {_toml(value)}':<28}# {meaning}")
        text = "\n".join(lines) + "\n"
        return re.sub(r"[^\x00-\x7f]", lambda found: f"\\U{ord(found[0]):08x}", text)


SECTIONS: dict[str, type[Section]] = {
    section: field.annotation for section, field in Config.model_fields.items()
}
FIELDS: dict[str, FieldInfo] = {
    f"{section}.{name}": field
    for section, kind in SECTIONS.items()
    for name, field in kind.model_fields.items()
}


def load(path: Path | str | None = None, overrides: Sequence[str] = ()) -> Config:
    """Read settings from a TOML file, then apply overrides.

    Args:
        path: the file, in UTF-8, or in UTF-16 with a byte order mark; None for the defaults.
        overrides: texts such as "training.epochs=5". A value that isn't TOML, such as TinyVGG, is
            taken as a text.

    Raises:
        ConfigError: names the file or the override, the setting, its value and what is allowed.
    """
    tables, origins = ({}, {}) if path is None else (_read(Path(path)), {"": str(path)})
    for override in overrides:
        section, name, value = _parse_override(override)
        if section not in tables:
            tables[section] = {}
            origins[section] = f"--set {override}"
        if isinstance(tables[section], dict):  # if it is not, `validate` says so
            tables[section][name] = value
            origins[f"{section}.{name}"] = f"--set {override}"
    return validate(Config, tables, origins)


def validate(kind: type[BaseModel], values: Any, origins: Mapping[str, str] | None = None) -> Any:
    """Make a pydantic model of this kind, such as a `Config`, of nested dictionaries.

    Args:
        kind: the class of the model.
        values: a dictionary; whatever is missing gets its default.
        origins: where settings and sections come from, for messages; under "", all others.

    Raises:
        ConfigError: has a line for each wrong setting: its name, its value and what is allowed.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        origins, lines, keys = origins or {}, [], []
        for problem in error.errors():
            key = ".".join(map(str, problem["loc"]))
            origin = origins.get(key) or origins.get("")
            lines.append((f"{origin}: " if origin else "") + _explain(kind, key, problem))
            keys.append(key)
        raise ConfigError("\n".join(lines), key=keys[0] or None) from None


def _explain(kind: type[BaseModel], key: str, problem: ErrorDetails) -> str:
    """Return what is wrong with a setting or a section, or with everything if the key is ""."""
    expected = problem["msg"].partition(" ")[2]  # of "Input should be ..."
    section, _, name = key.partition(".")
    hint = ""
    if problem["type"] == "depends":
        return f"{key} {problem['msg']}"
    if problem["type"] == "missing":
        return f"{key} is missing"
    if problem["type"] == "extra_forbidden":
        known = SECTIONS[section].model_fields if name else SECTIONS
        near = get_close_matches(key, FIELDS if name else SECTIONS, n=1, cutoff=0.8)
        near = near or _named(key)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
        return f"there is no {'setting' if name else 'section'} {key}; {hint}"
    if problem["type"] == "model_type":
        expected = "should be a table"
    elif problem["type"] == "string_unicode":
        expected = "should be Unicode text, as all of TOML"
    elif problem["type"] == "literal_error":
        choices = _choices(FIELDS[key])
        expected = f"should be one of {', '.join(choices)}"
        near = get_close_matches(str(problem["input"]), choices, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
    elif key in FIELDS and _optional(FIELDS[key]) and name not in SECTIONS[section].by_name:
        expected += f", or {NONE}"
    subject = key or f"the {kind.__name__.lower()}"
    return f"{subject} {expected}, but is {_toml(problem['input'])}{hint}"


def _named(key: str) -> list[str]:
    """Return the settings that have the last part of a key as their name."""
    return [known for known in FIELDS if known.endswith(f".{key.rpartition('.')[2]}")]


def _optional(field: FieldInfo) -> bool:
    return type(None) in get_args(field.annotation)


def _choices(field: FieldInfo) -> list[str]:
    """Return the words that a setting may have, if it is one of words."""
    options = get_args(field.annotation)  # of Literal[...], or of Literal[...] | None
    words = [w for option in options for w in get_args(option) or (option,) if isinstance(w, str)]
    return [*words, NONE] if words and _optional(field) else words


def _read(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"there is no file {path}. To write one with all settings: "
            "torchbook train --show-config > run.toml"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
        if "\0" in text:  # UTF-16 or UTF-32 without a mark that says so
            raise UnicodeError
    except UnicodeError:
        raise ConfigError(
            f"{path} is not UTF-8 text: save it as UTF-8 (in an editor: Save as, Encoding; in "
            "PowerShell: ... | Out-File -Encoding utf8 run.toml)"
        ) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None


def _parse_override(override: str) -> tuple[str, str, Any]:
    """Split "section.name=value", where the value is TOML or a plain word."""
    key, equals, text = override.partition("=")
    section, _, name = key.strip().partition(".")
    if not (equals and section and name):
        near = _named(key.strip()) if equals else []
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ConfigError(
            f"--set {override}: expected SECTION.NAME=VALUE, such as training.epochs=5{hint}"
        )
    try:
        values = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        values = {}
    # A line break must not bring in another setting.
    return section, name, values["value"] if list(values) == ["value"] else text.strip()


def _toml(value: Any) -> str:
    """Return a value as TOML writes it."""
    if value is None:
        value = NONE
    if isinstance(value, str | bool):  # as in JSON, which lets one control character through
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
