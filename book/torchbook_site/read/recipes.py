"""The directive `recipe`: a chapter's complete script, which the build runs by itself.

The script is a file in the folder `recipes` beside the page. It runs as a reader would run it: in
an empty folder, in a process that cannot import `torchbook`. Its output stands below it.

Most chapters use one core, so the script runs on another one while the page's cells run.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from torchbook_site.notes import notes
from torchbook_site.read.execution import ChapterCache, accelerator_name

logger = logging.getLogger(__name__)

FOLDER = "recipes"  # beside the page, and in the site
SHORTEST, LONGEST = 30, 70  # lines
USED = re.compile(r"^`{3}\{recipe\} (?P<name>\S+)\n(?::data: (?P<data>\S+)\n)?", re.M)
# Runs a script as the main program, but finds no package of ours.
RUN = """
import runpy, sys
del sys.argv[0]  # the script sees its own command line, which has no arguments
sys.modules["torchbook"] = None
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def link_fashion_mnist(folder: Path) -> None:
    """Put Fashion-MNIST where torchvision looks for it below the folder `data`."""
    from torchbook.data import load_fashion_mnist
    from torchbook.data.download import cache_dir

    load_fashion_mnist()  # fetches it, if it is not there yet
    target = folder / "data" / "FashionMNIST"
    target.parent.mkdir()
    target.symlink_to(cache_dir() / "FashionMNIST", target_is_directory=True)


def sort_photos(folder: Path) -> None:
    """Put the photos of "Animal, vegetable or mineral?" into `photos/CLASS`, as readers would."""
    from torchbook.data import unpack_animal_vegetable_mineral

    with tempfile.TemporaryDirectory() as temporary:
        for photo in unpack_animal_vegetable_mineral(temporary).glob("*/*/*.jpg"):
            target = folder / "photos" / photo.parent.name / photo.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(photo.read_bytes())


DATA: dict[str, Callable[[Path], None]] = {
    "animal_vegetable_mineral": sort_photos,
    "fashion_mnist": link_fashion_mnist,
}


@dataclass(frozen=True)
class Run:
    """What a run of a script did.

    Attributes:
        code: its exit code; 0 if all is well.
        output: what it printed.
        errors: what it wrote to stderr, such as a traceback or a warning.
        seconds: how long it took, as the clock on the wall has it.
        device: where it ran.
    """

    code: int
    output: str
    errors: str
    seconds: float
    device: str


def run_script(script: Path, data: str | None = None) -> Run:
    """Run a script in an empty folder, where it can't import `torchbook`.

    Args:
        script: the script.
        data: the data set that it needs: a key of `DATA`.
    """
    with tempfile.TemporaryDirectory() as folder:
        if data:
            DATA[data](Path(folder))
        copy = Path(folder, script.name)
        copy.write_bytes(script.read_bytes())
        start = time.perf_counter()
        result = subprocess.run(
            [sys.executable, "-I", "-c", RUN, copy.name],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
        )
        seconds = time.perf_counter() - start
    return Run(result.returncode, result.stdout, result.stderr, seconds, accelerator_name())


_ahead = ThreadPoolExecutor(max_workers=1)
_runs: dict[Path, Future[Run]] = {}  # those that have begun before their directive is read


def run_beside_cells(app: Sphinx, docname: str, source: list[str]) -> None:
    """Begin with a page's script when the page is about to run."""
    if accelerator_name() != "CPU":
        return  # a GPU has one program at a time
    for use in USED.finditer(source[0]):
        path = _path(app, docname, use["name"])
        if path.is_file():
            _runs[path] = _ahead.submit(remembered_run, path, use["data"], _memory(app))


def _path(app: Sphinx, docname: str, name: str) -> Path:
    return Path(app.env.doc2path(docname)).parent / FOLDER / name


def _memory(app: Sphinx) -> Path:
    return Path(app.env.mystnb_config.execution_cache_path, FOLDER)


def remembered_run(path: Path, data: str | None, memory: Path) -> Run:
    """Return the run of a script from the cache; run it if its last run is not of use."""
    state = [path.read_text(encoding="utf-8"), str(data), *ChapterCache.freshness.surroundings]
    key = hashlib.sha256("\n".join(state).encode()).hexdigest()
    remembered = memory / f"{key}.json"
    if remembered.is_file():
        return Run(**json.loads(remembered.read_text(encoding="utf-8")))
    print(f"Running {FOLDER}/{path.name} ...", flush=True)
    run = run_script(path, data)
    if not run.code and not run.errors:
        memory.mkdir(parents=True, exist_ok=True)
        remembered.write_text(json.dumps(asdict(run)), encoding="utf-8")
    return run


class Recipe(SphinxDirective):
    """The directive `recipe`, with the name of the script and, as `:data:`, what it reads."""

    required_arguments = 1
    option_spec = {"data": lambda value: directives.choice(value, tuple(DATA))}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Run the script, unless the cache remembers its run, and show both."""
        name = self.arguments[0]
        path = _path(self.env.app, self.env.docname, name)
        if not path.is_file():
            return [self.warn(f"there is no {FOLDER}/{name} beside this page")]
        self.env.note_dependency(str(path))
        notes(self.env, "recipes").setdefault(self.env.docname, []).append(str(path))
        code = path.read_text(encoding="utf-8").rstrip()
        n_lines = code.count("\n") + 1
        if not SHORTEST <= n_lines <= LONGEST:
            self.warn(f"{name} has {n_lines} lines; a recipe has {SHORTEST} to {LONGEST}")
        run = self.find_run(path)
        if run.code or run.errors:
            last = run.errors.strip().splitlines()[-1:] or ["no message"]
            self.warn(f"{name} ended with exit code {run.code} and wrote to stderr: {last[0]}")
        output = run.output.rstrip()
        address = f"{'../' * self.env.docname.count('/')}{FOLDER}/{name}"
        head = (
            f'<p class="tb-recipe-head"><code>{escape(name)}</code>, {n_lines} lines. It ran in '
            f"{run.seconds:.0f}\N{NO-BREAK SPACE}s on {escape(run.device)}. "
            f'<a href="{escape(address)}" download>Download</a></p>'
        )
        return [
            nodes.container(
                "",
                nodes.raw("", head, format="html"),
                nodes.literal_block(code, code, language="python"),
                nodes.paragraph(text="It prints:"),
                nodes.literal_block(output, output, language="none", classes=["output"]),
                classes=["tb-recipe"],
            )
        ]

    def find_run(self, path: Path) -> Run:
        """Wait for the script's run if it has begun; otherwise run it now."""
        if begun := _runs.pop(path, None):
            return begun.result()
        return remembered_run(path, self.options.get("data"), _memory(self.env.app))

    def warn(self, message: str) -> nodes.Node:
        """Fail the build with a message."""
        logger.warning(message, location=self.get_location(), type="torchbook", subtype="recipe")
        return nodes.comment()
