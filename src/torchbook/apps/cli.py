"""Torchbook on the command line: train, evaluate, predict, export, data, info.

What takes long to import, PyTorch first of all, is imported by the command that needs it.
"""

import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

FAILED, USAGE, NO_DATA, BAD_CHECKPOINT, INTERRUPTED = 1, 2, 3, 4, 130

EXIT_CODES = """Exit codes: 0 all is well; 1 the training failed, for example because it diverged;
2 usage or configuration; 3 data or a picture is not available; 4 something is wrong with a
checkpoint; 130 interrupted. Under torchrun each process ends with that code, torchrun itself with
1."""

app = typer.Typer(
    help="Train, evaluate and use the models of Torchbook.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Saved = Annotated[
    Path, typer.Argument(metavar="CHECKPOINT", help="A file that `torchbook train` has written.")
]
Debug = Annotated[
    bool,
    typer.Option("--debug", envvar="TORCHBOOK_DEBUG", help="Show the traceback of an error."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]


@app.command(epilog=EXIT_CODES)
def train(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Settings as TOML; without it, the defaults."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Set one setting; may be repeated."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoint, if it is there.")
    ] = False,
    show_config: Annotated[
        bool,
        typer.Option("--show-config", help="Print all settings as TOML, and train nothing."),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    debug: Debug = False,
) -> None:
    """Train a model, by default a small CNN on Fashion-MNIST, and save it.

    The settings come from a TOML file and from `--set`, which wins. To begin with a file:

        torchbook train --show-config > run.toml

        torchbook train run.toml --set training.epochs=5 --set optimizer.lr=0.01

    Stopped by Ctrl-C or a power cut? The same command with `--resume` goes on. On several GPUs, or
    in several processes on the CPU:

        torchrun --nproc-per-node 2 -m torchbook train run.toml
    """
    with reported(debug):
        from torchbook.apps import config as settings

        config = settings.load(file, overrides or ())
        if show_config:
            say(config.to_toml().rstrip())
            return
        _train(config, resume, quiet)


def _train(config: Any, resume: bool, quiet: bool) -> None:
    from torchbook.apps import tasks
    from torchbook.training.distributed import world

    path = config.checkpoint.path
    there = path is not None and Path(path).exists()
    if there and not resume:  # before anything is fetched
        raise FileExistsError(
            f"{path} is there already: add --resume to go on from it, or choose another file with "
            "--set checkpoint.path=FILE"
        )
    if resume and path is not None and not there:
        say(f"There is no {path} yet: beginning anew.")
    with world() as here:
        splits = tasks.load_data(config.data)
        history = tasks.train(config, splits, here, resume=resume, progress=not quiet, announce=say)
    say(str(history))
    if path is not None:
        say(f"Saved in {path}. To go on: torchbook evaluate {path}")


@app.command(epilog=EXIT_CODES)
def evaluate(
    checkpoint: Saved,
    split: Annotated[
        str, typer.Option(help="valid, or test: look at that one once, at the end.")
    ] = "valid",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Measure a trained model: loss, accuracy, and what always giving one answer would reach.

    Beside the accuracy stands Wilson's 95 % interval: what the choice of these samples leaves open.

        torchbook evaluate model.pt --split test
    """
    with reported(debug):
        from torchbook import training
        from torchbook.apps import tasks
        from torchbook.apps.config import ConfigError
        from torchbook.device import best_device
        from torchbook.metrics import majority_baseline, wilson_interval

        if split not in ("valid", "test"):
            raise ConfigError(f"--split must be valid or test, but is {split}")
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
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Picture files.")],
    top: Annotated[int, typer.Option(min=1, help="How many classes to show.")] = 3,
    invert: Annotated[bool, typer.Option("--invert", help="Swap light and dark first.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Ask a trained model what is in pictures of your own.

    Each picture is brought to the form that the model was trained with; what was done is said.

        torchbook predict model.pt shoe.jpg shirt.png
    """
    with reported(debug):
        import torch

        from torchbook.apps import tasks
        from torchbook.data import scale_to_unit
        from torchbook.data.images import read_and_describe

        trained = tasks.load_trained(checkpoint)
        task = trained.task
        # All of them before the first answer: a missing file is said at once.
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
        for path, picture in zip(images, stack, strict=True):
            border = tasks.border_of(picture[None])
            if abs(border - task.border) > 100:
                complain(
                    f"note: the edges of {path} are {'light' if border > task.border else 'dark'}, "
                    "those of the pictures that the model knows are not; try "
                    f"{'without ' if invert else ''}--invert"
                )


def _show_predictions(answers: list[dict[str, Any]]) -> None:
    for place, answer in enumerate(answers):
        if place:
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
        typer.Option(metavar="FILE", help="Write a small int8 model too, and say what it costs."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Write a trained model as ONNX, for programs without PyTorch.

    The file is compared with PyTorch before it is put into place. It takes pictures as floats from
    0 to 1, in batches of any size, and returns logits. Needs `pip install "torchbook[export]"`.

        torchbook export model.pt model.onnx --int8 small.onnx
    """
    with reported(debug):
        from torchbook.apps.config import ConfigError

        paths = [path for path in (checkpoint, file, int8) if path is not None]
        if len({path.resolve() for path in paths}) < len(paths):
            raise ConfigError(f"{' and '.join(map(str, paths))} must be different files")
        for path in paths[1:]:  # before the work begins
            if not path.parent.is_dir():
                raise ConfigError(f"the folder of {path} does not exist: make it first")
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
        here = True
    except DataCorruptError:
        here = False
    if here or int8 is not None:  # int8 cannot do without, and may fetch it
        splits = tasks.data_of(trained)
        inputs, _ = next(iter(tasks.batches_of(trained, splits.valid, cpu)))
    else:
        noise = torch.Generator().manual_seed(0)
        inputs = torch.rand(8, task.channels, task.size, task.size, generator=noise)
        say(f"{trained.config.data.name} is not here: comparing on random pixels.")
    metadata = {"classes": json.dumps(task.classes), "pixels": "0 to 1"}
    exported = export_onnx(trained.model, file, inputs[:64], metadata=metadata)
    say(str(exported))
    if int8 is not None:
        some = tasks.batches_of(trained, splits.train[:500], cpu)
        quantised = quantize_int8(
            file,
            int8,
            calibration=[pictures for pictures, _ in some],
            batches=tasks.batches_of(trained, splits.valid, cpu),
        )
        say(f"{quantised} (validation split)")


@app.command(epilog=EXIT_CODES)
def data(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="Which to fetch.")
    ] = None,
    debug: Debug = False,
) -> None:
    """List the data sets and whether they are here; fetch those that are named.

    What is fetched is compared with its known checksum before it is used.

        torchbook data fashion_mnist
    """
    with reported(debug):
        from torchbook.apps.config import ConfigError
        from torchbook.data.download import DataCorruptError, cache_dir
        from torchbook.data.sets.registry import DATA_SETS

        for name in names or ():
            if name not in DATA_SETS:
                raise ConfigError(f"there is no data set {name}, only {', '.join(DATA_SETS)}")
        for name in names or ():
            DATA_SETS[name].load(DATA_SETS[name].n_valid)
        rows = []
        for name, data_set in DATA_SETS.items():
            try:
                data_set.check()
                state = "here, verified"
            except DataCorruptError as error:
                state = f"not here ({error})"
            rows.append((name, data_set.title, state))
        table(("name", "what", "state"), rows)
        say(f"Folder: {cache_dir()}")


@app.command(epilog=EXIT_CODES)
def info(
    checkpoint: Annotated[
        Path | None, typer.Argument(metavar="CHECKPOINT", help="Say what is in this file.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Say what this machine offers, or what is in a checkpoint.

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
    unfinished = " and a part of the next" if saved.partial is not None else ""
    rows = [
        ("file", f"{path}, {path.stat().st_size:,} bytes"),
        ("epochs", f"{saved.epoch}{unfinished}, {saved.step:,} steps"),
        ("weights", "of the best epoch, and the last" if saved.best else "of the last epoch"),
        ("saved with", ", ".join(f"{name} {version}" for name, version in saved.versions.items())),
    ]
    table(("", ""), rows)
    if saved.history:
        say(f"\n{History(saved.history)}")
    if "settings" in saved.config:
        config, task = tasks.read_config(saved, path)
        say(f"\n{config.to_toml()}\n# Classes: {', '.join(task.classes)}")


# --- how to speak, and how to fail


def _is_first() -> bool:
    """Tell whether this process is the one that speaks, of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def say(line: str) -> None:
    """Print a result, in one process only."""
    if _is_first():
        print(line, flush=True)


def say_json(value: Any) -> None:
    """Print a result for other programs."""
    say(json.dumps(value, indent=2, ensure_ascii=False))


def table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print a table. In a terminal it fits; elsewhere no line is broken."""
    shown = Table(*titles, box=None, pad_edge=False, show_header=any(titles))
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    if _is_first():
        width = None if sys.stdout.isatty() else 10_000
        with (console := Console(width=width, highlight=False)).capture() as captured:
            console.print(shown)
        print("\n".join(line.rstrip() for line in captured.get().splitlines()), flush=True)


def complain(text: str) -> None:
    """Print to stderr, in one process only."""
    if _is_first():
        print(text, file=sys.stderr, flush=True)


@contextmanager
def reported(debug: bool) -> Iterator[None]:
    """Turn an error into a line or two on stderr and an exit code that says what kind it was.

    Args:
        debug: show the traceback too.
    """
    try:
        yield
    except (typer.Exit, BrokenPipeError):  # typer knows what to do
        raise
    except KeyboardInterrupt as error:
        place = str(error).partition(". ")[0] or "interrupted"
        if "Everything is in" in str(error):
            place += ". Nothing is lost: the same command with --resume goes on"
        _fail(place, INTERRUPTED, debug)
    except Exception as error:
        code = _code(error)
        message = str(error).strip().replace("resume=True", "--resume") or type(error).__name__
        if code is None:  # a fault of ours, or of a library; each process has its own
            message = (
                f"{type(error).__name__}: {message.splitlines()[0]}. That was not foreseen; "
                "--debug shows where it happened"
            )
            if not _is_first():
                print(f"error in process {os.environ['RANK']}: {message}", file=sys.stderr)
        _fail(message, FAILED if code is None else code, debug)


def _code(error: Exception) -> int | None:
    """Return the exit code for an error, None if it is none of those that are foreseen."""
    from torchbook.apps.config import ConfigError

    if isinstance(error, ConfigError):
        return USAGE
    # The rest may only come from what has been imported by now.
    from torchbook.apps.export import ExportError
    from torchbook.data.download import DataError
    from torchbook.training import DivergedError
    from torchbook.training.checkpoint import CheckpointError

    kinds: dict[type[Exception], int] = {
        DivergedError: FAILED,
        ExportError: FAILED,
        ImportError: USAGE,
        DataError: NO_DATA,
        CheckpointError: BAD_CHECKPOINT,
        FileExistsError: BAD_CHECKPOINT,
        FileNotFoundError: BAD_CHECKPOINT,
    }
    return next((code for kind, code in kinds.items() if isinstance(error, kind)), None)


def _fail(message: str, code: int, debug: bool) -> NoReturn:
    if debug:
        complain(traceback.format_exc().rstrip())
    else:
        complain(f"error: {message}" if code != INTERRUPTED else message)
    raise typer.Exit(code)


def main() -> None:
    """Run the command line."""
    app(prog_name="torchbook")
