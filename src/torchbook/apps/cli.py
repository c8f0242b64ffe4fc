"""Torchbook on the command line: train, evaluate, predict, export, data, info.

Whatever takes long to import, PyTorch first of all, is imported by the command that needs it.
"""

import io
import json
import math
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

FAILED, USAGE, NO_DATA, BAD_CHECKPOINT, INTERRUPTED = 1, 2, 3, 4, 130

EXIT_CODES = """Exit codes: 0 success; 1 the training or the export failed; 2 usage or settings; 3 a
data set or an image is not available; 4 something is wrong with a checkpoint; 130 interrupted.
Under torchrun each process ends with that code, and torchrun itself with 1."""

# By name, because to import the classes would take seconds. Subclasses have the same code.
CODES_BY_CLASS = {
    "torchbook.apps.config.ConfigError": USAGE,
    "builtins.ImportError": USAGE,  # a library of an extra, such as torchbook[export]
    "torchbook.data.download.DataError": NO_DATA,
    "torchbook.training.checkpoint.CheckpointError": BAD_CHECKPOINT,
    "torchbook.training.run.DivergedError": FAILED,
    "torchbook.apps.export.ExportError": FAILED,
}

app = typer.Typer(
    help="Train, evaluate and use the models of Torchbook.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Saved = Annotated[
    Path, typer.Argument(metavar="CHECKPOINT", help="A file that `torchbook train` has saved.")
]
Debug = Annotated[
    bool,
    typer.Option("--debug", envvar="TORCHBOOK_DEBUG", help="Show the traceback of an error."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]


class Split(StrEnum):
    """A split that a model was not trained on."""

    valid = "valid"
    test = "test"


@app.command(epilog=EXIT_CODES)
def train(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Settings as TOML; without it, the defaults."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one setting; may be repeated."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue from the checkpoint if there is one.")
    ] = False,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Print all settings as TOML and stop.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    debug: Debug = False,
) -> None:
    """Train a model, by default a small CNN on Fashion-MNIST, and save it.

    The settings come from a TOML file and from `--set`, which takes precedence. To start a file:

        torchbook train --show-config > run.toml

        torchbook train run.toml --set training.epochs=5 --set optimizer.lr=0.01

    After Ctrl-C or a power cut, the same command with `--resume` continues. On several GPUs, or in
    several processes on the CPU:

        torchrun --nproc-per-node 2 -m torchbook train run.toml
    """
    with reported(debug):
        from torchbook.apps import config as settings

        config = settings.load(file, overrides or ())
        if show_config:
            say(config.to_toml().rstrip())
        else:
            _train(config, resume, quiet)


def _train(config: Any, resume: bool, quiet: bool) -> None:
    from torchbook.apps import tasks
    from torchbook.apps.config import ConfigError
    from torchbook.training.checkpoint import CheckpointExistsError
    from torchbook.training.distributed import world

    # All that can be wrong with the checkpoint's file is said before any data is downloaded.
    path = None if config.checkpoint.path is None else Path(config.checkpoint.path)
    if path is None and resume:
        raise ConfigError(
            "--resume needs a file to continue from: set checkpoint.path", key="checkpoint.path"
        )
    if path is not None and not path.parent.is_dir():
        raise ConfigError(
            f"checkpoint.path is {path}, but there is no folder {path.parent}: create it first",
            key="checkpoint.path",
        )
    if path is not None and path.exists() and not resume:
        raise CheckpointExistsError(
            f"{path} exists already: add --resume to continue from it, or choose another file with "
            "--set checkpoint.path=FILE"
        )
    if resume and not path.exists():
        say(f"There is no {path} yet: starting from the beginning.")
    with world() as processes:
        splits = tasks.load_data(config.data)
        history = tasks.train(
            config, splits, processes, resume=resume, progress=not quiet, announce=say
        )
    say(str(history))
    if path is not None:
        say(f"Saved in {path}. To evaluate it: torchbook evaluate {path}")


@app.command(epilog=EXIT_CODES)
def evaluate(
    checkpoint: Saved,
    split: Annotated[
        Split, typer.Option(help="Use the test split once only, at the end.")
    ] = Split.valid,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Measure a trained model: loss, accuracy, and the accuracy of always giving one answer.

    The accuracy comes with Wilson's 95 % interval: the uncertainty due to the choice of samples.

        torchbook evaluate model.pt --split test
    """
    with reported(debug):
        from torchbook import training
        from torchbook.apps import tasks
        from torchbook.device import best_device
        from torchbook.metrics import majority_baseline, wilson_interval

        device = best_device()
        trained = tasks.load_trained(checkpoint, device)
        splits = tasks.data_of(trained)
        examples = getattr(splits, split)
        result = training.evaluate(trained.model, tasks.batches_of(trained, examples, device))
        low, high = wilson_interval(round(result.accuracy * result.n), result.n)
        baseline = majority_baseline(splits.train.targets, examples.targets)
        if as_json:
            say_json(
                {
                    "checkpoint": str(checkpoint),
                    "data": trained.config.data.name,
                    "split": split,
                    "n": result.n,
                    "loss": result.loss,
                    "accuracy": result.accuracy,
                    "accuracy_interval": [low, high],
                    "majority_baseline": baseline,
                }
            )
            return
        table(
            ("", ""),
            [
                ("data", f"{trained.config.data.name}, {split} split, {result.n:,} samples"),
                ("loss", f"{result.loss:.4f}"),
                ("accuracy", f"{result.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%})"),
                ("majority baseline", f"{baseline:.2%}, the accuracy of always the same answer"),
            ],
        )


@app.command(epilog=EXIT_CODES)
def predict(
    checkpoint: Saved,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")],
    top: Annotated[int, typer.Option(min=1, help="How many classes to show.")] = 3,
    invert: Annotated[bool, typer.Option("--invert", help="Swap light and dark first.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Classify images of your own with a trained model.

    Each image is brought into the form that the model was trained with, and the output says how.

        torchbook predict model.pt shoe.jpg shirt.png
    """
    with reported(debug):
        import torch

        from torchbook.apps import tasks
        from torchbook.data import scale_to_unit
        from torchbook.data.images import read_and_describe

        trained = tasks.load_trained(checkpoint)
        task = trained.task
        # All are read before the first answer, so that a missing file is reported at once.
        pictures, changes = zip(
            *(read_and_describe(path, task.size, task.channels) for path in images), strict=True
        )
        stack = torch.stack(pictures)
        if invert:
            stack = 255 - stack
            changes = [f"{change}, light and dark swapped" for change in changes]
        with torch.inference_mode():
            probabilities = trained.model(scale_to_unit(stack)).softmax(dim=1)
        best = probabilities.topk(min(top, len(task.classes)))
        answers = [
            {
                "file": str(path),
                "prepared": change,
                "predictions": [
                    {"class": task.classes[label], "label": label, "probability": probability}
                    for probability, label in zip(row, labels, strict=True)
                ],
            }
            for path, change, row, labels in zip(
                images, changes, best.values.tolist(), best.indices.tolist(), strict=True
            )
        ]
        if as_json:
            say_json(answers)
        else:
            _show_predictions(answers)


def _show_predictions(answers: list[dict[str, Any]]) -> None:
    for position, answer in enumerate(answers):
        if position:
            say("")
        say(f"{answer['file']} ({answer['prepared']})")
        table(
            ("class", "probability"),
            [(p["class"], f"{p['probability']:.1%}") for p in answer["predictions"]],
        )


@app.command(epilog=EXIT_CODES)
def export(
    checkpoint: Saved,
    file: Annotated[Path, typer.Argument(help="The ONNX file to write.")],
    int8: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write a smaller int8 model; report its accuracy."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Write a trained model as ONNX, for programs without PyTorch.

    The file is compared with PyTorch before it is moved into place. It takes images as floats from
    0 to 1, in batches of any size, and returns logits. Needs `pip install "torchbook[export]"`.

        torchbook export model.pt model.onnx --int8 small.onnx
    """
    with reported(debug):
        from torchbook.apps.config import ConfigError

        paths = [path for path in (checkpoint, file, int8) if path is not None]
        if len({path.resolve() for path in paths}) < len(paths):
            raise ConfigError(f"{' and '.join(map(str, paths))} must be different files")
        for path in paths[1:]:
            if not path.parent.is_dir():
                raise ConfigError(f"there is no folder {path.parent} for {path}: create it first")
        _export(checkpoint, file, int8)


def _export(checkpoint: Path, file: Path, int8: Path | None) -> None:
    import torch

    from torchbook.apps import tasks
    from torchbook.apps.export import export_onnx, quantize_int8
    from torchbook.data.download import DataCorruptError
    from torchbook.data.sets.registry import DATA_SETS

    trained = tasks.load_trained(checkpoint)
    task, cpu = trained.task, torch.device("cpu")
    splits = None
    try:
        DATA_SETS[trained.config.data.name].check()
        available = True
    except DataCorruptError:
        available = False
    if available or int8 is not None:  # int8 needs the data, which is downloaded if necessary
        splits = tasks.data_of(trained)
        inputs, _ = next(iter(tasks.batches_of(trained, splits.valid, cpu)))
    else:
        noise = torch.Generator().manual_seed(0)
        inputs = torch.rand(8, task.channels, task.size, task.size, generator=noise)
        say(f"{trained.config.data.name} is not on this machine: comparing on random pixels.")
    metadata = {"classes": json.dumps(task.classes), "pixels": "0 to 1"}
    say(str(export_onnx(trained.model, file, inputs[:64], metadata=metadata)))
    if int8 is not None:
        calibration = tasks.batches_of(trained, splits.train[:500], cpu)
        quantized = quantize_int8(
            file,
            int8,
            calibration=[inputs for inputs, _ in calibration],
            batches=tasks.batches_of(trained, splits.valid, cpu),
        )
        say(f"{quantized} (validation split)")


@app.command(epilog=EXIT_CODES)
def data(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="The ones to download.")
    ] = None,
    debug: Debug = False,
) -> None:
    """List the data sets and whether they are on this machine; download those that are named.

    Each download is compared with its known checksum before it is used.

        torchbook data fashion_mnist
    """
    with reported(debug):
        from torchbook.apps.config import ConfigError
        from torchbook.data.download import DataCorruptError, cache_dir
        from torchbook.data.sets.registry import DATA_SETS

        for name in names or ():
            if name not in DATA_SETS:
                raise ConfigError(f"there is no data set {name}; there are {', '.join(DATA_SETS)}")
        for name in names or ():
            DATA_SETS[name].load(DATA_SETS[name].n_valid)
        rows = []
        for name, data_set in DATA_SETS.items():
            try:
                data_set.check()
                state = "verified"
            except DataCorruptError as error:
                state = f"not available ({error})"
            rows.append((name, data_set.title, state))
        table(("name", "contents", "state"), rows)
        say(f"Folder: {cache_dir()}")


@app.command(epilog=EXIT_CODES)
def info(
    checkpoint: Annotated[
        Path | None, typer.Argument(metavar="CHECKPOINT", help="Describe this file.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Describe this machine, or a checkpoint.

    torchbook info model.pt
    """
    with reported(debug):
        if checkpoint is None:
            _show_machine()
        else:
            _show_checkpoint(checkpoint)


def _show_machine() -> None:
    import torch

    from torchbook.data.download import cache_dir
    from torchbook.device import best_device, device_name
    from torchbook.training.checkpoint import versions

    rows = [
        *versions().items(),
        ("device", device_name(best_device())),
        ("cores", str(os.cpu_count())),
        ("threads", f"{torch.get_num_threads()} (of PyTorch)"),
        ("data", str(cache_dir())),
    ]
    table(("", ""), rows)


def _show_checkpoint(path: Path) -> None:
    from torchbook.apps import tasks
    from torchbook.training import History, checkpoint

    saved = checkpoint.load(path)
    unfinished = " and a part of the next" if saved.sums else ""
    rows = [
        ("file", f"{path}, {path.stat().st_size:,} bytes"),
        ("epochs", f"{saved.epoch}{unfinished}, {saved.step:,} steps"),
        ("weights", "of the best epoch and of the last" if saved.best else "of the last epoch"),
        ("saved with", ", ".join(f"{name} {version}" for name, version in saved.versions.items())),
    ]
    table(("", ""), rows)
    if saved.history:
        say(f"\n{History(saved.history)}")
    if "settings" in saved.config:
        config, task = tasks.read_config(saved, path)
        say(f"\n{config.to_toml()}\n# Classes: {', '.join(task.classes)}")


# --- output and errors


def _is_first() -> bool:
    """Tell whether this is the process that prints, of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def say(line: str) -> None:
    """Print a result, in one process only."""
    if _is_first():
        print(line, flush=True)


def say_json(value: Any) -> None:
    """Print a result for other programs, in ASCII; numbers that JSON lacks become null."""
    say(json.dumps(_finite(value), indent=2))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print a table. In a terminal it fits the width; elsewhere no line is broken."""
    shown = Table(*titles, box=None, pad_edge=False, show_header=any(titles))
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    width = None if sys.stdout.isatty() else 10_000
    with (console := Console(width=width, highlight=False)).capture() as captured:
        console.print(shown)
    say("\n".join(line.rstrip() for line in captured.get().splitlines()))


def complain(text: str) -> None:
    """Print to stderr, in one process only."""
    if _is_first():
        print(text, file=sys.stderr, flush=True)


@contextmanager
def reported(debug: bool) -> Iterator[None]:
    """Turn an error into a message on stderr and an exit code that says what kind it was.

    Args:
        debug: show the traceback instead of the message.
    """
    try:
        yield
    except (typer.Exit, BrokenPipeError):  # of a closed pipe typer makes a silent exit
        raise
    except KeyboardInterrupt as error:
        _fail(_interruption(error), INTERRUPTED, debug)
    except Exception as error:
        message, code = str(error).strip() or type(error).__name__, _code(error)
        if code is None:  # a bug, here or in a library; each process has its own
            message = (
                f"{type(error).__name__}: {message.splitlines()[0]}. This error was not expected; "
                "--debug shows where it happened"
            )
            if not _is_first():
                print(f"error in process {os.environ['RANK']}: {message}", file=sys.stderr)
        _fail(f"error: {message}", FAILED if code is None else code, debug)


def _code(error: Exception) -> int | None:
    """Return the exit code for an error, or None if it is not one of those expected."""
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__)
    return next((CODES_BY_CLASS[name] for name in names if name in CODES_BY_CLASS), None)


def _interruption(error: KeyboardInterrupt) -> str:
    place, path = getattr(error, "place", ""), getattr(error, "path", None)
    if not place:  # not during the training itself
        return "interrupted"
    if path is None:
        return f"stopped {place}. Nothing was saved: there is no checkpoint.path"
    return f"stopped {place}. Everything is in {path}: the same command with --resume continues"


def _fail(message: str, code: int, debug: bool) -> NoReturn:
    complain(traceback.format_exc().rstrip() if debug else message)
    raise typer.Exit(code)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Print the characters that its encoding lacks, in a file name perhaps, as escapes.
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="torchbook")
