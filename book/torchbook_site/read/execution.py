"""Run a chapter again exactly when it must.

MyST-NB's cache knows a notebook by its cells. The cache here also knows what the cells stand on:
the modules of the package that they import, directly or through another module, the versions of
the pinned libraries, and the device. It ignores what no run depends on: prose, alt texts, styling.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import os
import platform
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jupyter_cache
import myst_nb.core.execute.cache as mystnb_cache
from docutils import nodes
from jupyter_cache.cache.main import JupyterCacheBase
from jupyter_cache.executors.utils import ExecutionResult
from myst_nb.ext.glue.crossref import PendingGlueReference
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from torchbook_site.notes import QUOTES, notes

# Of a cell's metadata only these tags change what a run does.
RUN_TAGS = {"raises-exception", "skip-execution"}
CODE_CELL = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{code-cell\}[^\n]*\n"
    r"(?:---\n.*?^---\n|(?::[\w-]+:[^\n]*\n)+)?"  # the cell's options
    r"(?P<code>.*?)^(?P=fence)\s*$",
    re.M | re.S,
)
ANSI = re.compile(r"\x1b\[[\d;]*m")
FILE_OF_FRAME = re.compile(r"File (.+?)(?::\d+)?(?:, |\n)")
READS = re.compile(r"^torchbook_reads: (.+)$", re.M)  # in the front matter: see `files_read`
# PyTorch's threads, also in the front matter. Small networks are fastest on one, which never waits
# for another on a busy machine; a page with large convolutions asks for more.
THREADS = re.compile(r"^torchbook_threads: (\d+)$", re.M)
RUN_KEY = "torchbook_run"  # where an executed notebook says when, where and how long it ran
MAX_STARTS = 3  # of a kernel that dies before its first cell


class Freshness:
    """Answers, for the code of a chapter, what a run of it depends on beyond that code.

    Args:
        source: the folder that holds the package's folder.
        package: the package's name.
        requirements: the file whose libraries' installed versions count.
        kernel_settings: a folder with the kernel's own settings.
    """

    def __init__(
        self, source: Path, package: str, requirements: Path, kernel_settings: Path
    ) -> None:
        self.source = source
        self.package = package
        self.surroundings = [
            f"python {platform.python_version()}",
            f"device {accelerator_name()}",
            *(f"{name} {version}" for name, version in installed_versions(requirements).items()),
            *(_digest(path) for path in sorted(kernel_settings.rglob("*")) if path.is_file()),
        ]

    def fingerprint(
        self, cells: Iterable[str], files: Iterable[Path] = (), threads: int = 1
    ) -> str:
        """Return a hash of everything that a run of these cells depends on, save the cells.

        Args:
            cells: the code.
            files: what the run reads beyond the package.
            threads: PyTorch's; sums split among more of them are rounded differently.
        """
        modules: set[str] = set()
        for cell in cells:
            for name in _imported_names(cell):
                self._follow(name, modules)
        parts = [*self.surroundings, f"threads {threads}"]
        parts += [f"{path.name} {_digest(path)}" for path in files]
        for module in sorted(modules):
            path = self._file(module)
            parts.append(f"{module} {_digest(path)}")
            if path.name == "__init__.py":  # data files that the package ships
                parts += [
                    f"{data.relative_to(self.source)} {_digest(data)}"
                    for data in sorted(_data_files(path.parent))
                ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _follow(self, name: str, found: set[str]) -> None:
        """Add the module of a dotted name, its parent packages, and all that they import."""
        parts = name.split(".")
        if parts[0] != self.package:
            return
        for end in range(1, len(parts) + 1):
            module = ".".join(parts[:end])
            path = self._file(module)
            if path is None or module in found:
                continue
            found.add(module)
            for imported in self._imports(module):
                self._follow(imported, found)

    @functools.cache  # noqa: B019 - one instance lives as long as the build
    def _imports(self, module: str) -> list[str]:
        path = self._file(module)
        return list(_imported_names(path.read_text(encoding="utf-8"), module, path))

    @functools.cache  # noqa: B019
    def _file(self, module: str) -> Path | None:
        base = self.source.joinpath(*module.split("."))
        candidates = (base / "__init__.py", base.with_suffix(".py"))
        return next((path for path in candidates if path.is_file()), None)


def _data_files(package: Path) -> Iterator[Path]:
    """Yield the files that a package ships besides its code, those in plain folders too."""
    for path in package.iterdir():
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            yield path
        elif path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            yield from _data_files(path)


def accelerator_name() -> str:
    """Return the name of the device that the chapters will run on."""
    from torchbook.device import best_device, device_name

    return device_name(best_device())


def installed_versions(requirements: Path) -> dict[str, str]:
    """Return the installed version of each library that a requirements file names for the runs.

    What stands below "# The book" builds and tests the pages, and does not change what a run does.
    """
    for_the_runs = requirements.read_text(encoding="utf-8").partition("\n# The book\n")[0]
    names = re.findall(r"^[A-Za-z0-9][\w.-]*", for_the_runs, re.M)
    versions = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _imported_names(code: str, module: str = "", path: Path | None = None) -> Iterator[str]:
    """Yield the dotted names that a piece of Python imports, `from` targets included."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        # A cell with a magic, or one that is wrong on purpose: drop what is not an import.
        lines = re.findall(r"^\s*((?:from|import) [^\n(]+)$", code, re.M)
        tree = ast.parse("\n".join(lines)) if lines else ast.Module([], [])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:  # a relative import counts from the module's package
                package = module.split(".")
                drop = node.level - (path is not None and path.name == "__init__.py")
                base = ".".join([*package[: len(package) - drop], *filter(None, [base])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def files_read(pattern: str | None) -> list[Path]:
    """Return the files of the project that a page names in its front matter, `torchbook_reads`.

    Its cells find them under the same paths in their folder, and run again when one changes.
    """
    return sorted(ChapterCache.root.glob(pattern)) if pattern else []


class ChapterCache(JupyterCacheBase):
    """Executed notebooks, found again by their cells and by all that those stand on."""

    freshness: Freshness
    root: Path  # the project's folder
    build: str  # tells a run of this build from one that the cache remembers

    def create_hashed_notebook(
        self, nb: NotebookNode, nb_metadata: Any = None, cell_metadata: Any = None
    ) -> tuple[NotebookNode, str]:
        """Return the notebook as it is stored, and the hash under which it is found."""
        bare = nb.copy()
        bare.cells = []
        for cell in nb.cells:
            if cell.cell_type == "code":
                tags = RUN_TAGS.intersection(cell.metadata.get("tags", []))
                bare.cells.append(
                    NotebookNode({**cell, "metadata": NotebookNode(tags=sorted(tags))})
                )
        stored, cells_hash = super().create_hashed_notebook(bare, nb_metadata=("kernelspec",))
        fingerprint = self.freshness.fingerprint(
            (cell.source for cell in bare.cells),
            files_read(nb.metadata.get("torchbook_reads")),
            nb.metadata.get("torchbook_threads", 1),
        )
        return stored, hashlib.sha256(f"{cells_hash} {fingerprint}".encode()).hexdigest()

    def merge_match_into_notebook(
        self,
        nb: NotebookNode,
        nb_meta: Any = ("language_info", "widgets", RUN_KEY),
        cell_meta: Any = (),
    ) -> tuple[int, NotebookNode]:
        """Put the stored outputs into the notebook, whose own metadata stays."""
        key, merged = super().merge_match_into_notebook(nb, nb_meta, cell_meta)
        for cell in merged.cells:
            join_streams(cell)
        return key, merged


def join_streams(cell: NotebookNode) -> None:
    """Join what a cell printed: a kernel may send half a line, after which MyST-NB would break."""
    outputs: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and output.name in streams:
            streams[output.name].text += output.text
            continue
        if output.output_type == "stream":
            streams[output.name] = output
        outputs.append(output)
    if outputs:
        cell.outputs = outputs


def _run_chapter(nb: NotebookNode, cwd: str, **options: Any) -> ExecutionResult:
    """Execute a notebook, and write into it when, where and how long it ran."""
    started = datetime.now(UTC)
    print(f"Running {os.environ['TORCHBOOK_CHAPTER']} ...", flush=True)
    for file in files_read(nb.metadata.get("torchbook_reads")):
        copy = Path(cwd, file.relative_to(ChapterCache.root))
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    result = run_notebook(nb, cwd, **options)
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                output.traceback = fold_traceback(output.traceback, Path(cwd))
    nb.metadata[RUN_KEY] = {
        "date": started.isoformat(timespec="seconds"),
        "seconds": round(result.time, 1),
        "device": accelerator_name(),
        "build": ChapterCache.build,
    }
    return result


def run_notebook(nb: NotebookNode, cwd: str, **options: Any) -> ExecutionResult:
    """Execute a notebook; a kernel that dies fails this notebook, not the whole build.

    A kernel may die before its first cell because another program took the port that Jupyter had
    chosen for it. Then another kernel gets other ports.
    """
    for attempt in range(1, MAX_STARTS + 1):
        try:
            return _single_nb_execution(nb, cwd=cwd, **options)
        except RuntimeError as error:  # nbclient's DeadKernelError is one, and so is a failed start
            has_run = any(cell.get("execution_count") for cell in nb.cells)
            if has_run or attempt == MAX_STARTS:
                reason = "most likely for lack of memory" if has_run else "before its first cell"
                return ExecutionResult(nb, cwd, 0.0, error, f"the kernel died, {reason}: {error}")
            print(f"The kernel did not start ({error}); starting another ...", flush=True)
    raise AssertionError("unreachable")


def fold_traceback(frames: list[str], folder: Path) -> list[str]:
    """Shorten a traceback to the reader's own lines and the message.

    Args:
        frames: as IPython sends them: headlines, one text for each frame, the message. Frames of
            cells begin with "Cell In", others with "File".
        folder: where the chapter runs. Files there are the reader's own.
    """
    folded, n_hidden = [], 0
    for frame in frames:
        if file := FILE_OF_FRAME.match(ANSI.sub("", frame)):
            path = Path(file[1]).expanduser()
            if not path.is_relative_to(folder):
                n_hidden += 1
                continue
            frame = frame.replace(file[1], str(path.relative_to(folder)), 1)
        if n_hidden:
            folded.append(f"      ... {n_hidden} more in libraries ...\n")
            n_hidden = 0
        folded.append(frame)
    return folded


_single_nb_execution = mystnb_cache.single_nb_execution


def prepare(app: Sphinx) -> None:
    """Put our cache and our way of running a chapter in place of MyST-NB's."""
    root = ChapterCache.root = Path(app.srcdir)
    ChapterCache.build = uuid.uuid4().hex
    ChapterCache.freshness = Freshness(
        source=root / app.config.torchbook_source,
        package=app.config.torchbook_package,
        requirements=root / app.config.torchbook_requirements,
        kernel_settings=root / app.config.torchbook_kernel,
    )
    mystnb_cache.get_cache = functools.partial(jupyter_cache.get_cache, cache_cls=ChapterCache)
    mystnb_cache.single_nb_execution = _run_chapter
    # IPython writes a history beside its settings: give the kernels a copy that they may change.
    settings = Path(app.doctreedir).parent / ".ipython"
    shutil.copytree(root / app.config.torchbook_kernel, settings, dirs_exist_ok=True)
    os.environ["IPYTHONDIR"] = str(settings)
    os.environ["MATPLOTLIBRC"] = str(settings / "matplotlibrc")
    # A thread of PyTorch's that waits for the others sleeps. By default it spins, and on a busy
    # machine takes the core that the others need: a training step then costs several times as much.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ["TQDM_DISABLE"] = "1"  # a page shows no bars


def pages_to_run(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Name the pages whose runs depend on something that has changed since they were read."""
    return [
        docname
        for docname, fingerprint in notes(env, "fingerprint").items()
        if docname in env.found_docs
        and docname not in added | changed
        and fingerprint != _page_fingerprint(env.doc2path(docname))
    ]


def _page_fingerprint(path: str) -> str:
    text = Path(path).read_text(encoding="utf-8")
    reads = READS.search(text)
    return ChapterCache.freshness.fingerprint(
        (m["code"] for m in CODE_CELL.finditer(text)),
        files_read(reads and reads[1]),
        _threads(text),
    )


def _threads(page: str) -> int:
    found = THREADS.search(page)
    return int(found[1]) if found else 1


def before_reading(app: Sphinx, docname: str, source: list[str]) -> None:
    """Note what the run of a page depends on, and name the page to its kernel."""
    os.environ["TORCHBOOK_CHAPTER"] = docname  # claims name it when they fail
    os.environ["OMP_NUM_THREADS"] = str(_threads(source[0]))
    if CODE_CELL.search(source[0]):
        notes(app.env, "fingerprint")[docname] = _page_fingerprint(app.env.doc2path(docname))


def note_borrowed_numbers(app: Sphinx, doctree: nodes.document) -> None:
    """Note the pages that quote another page's numbers."""
    if any(doctree.findall(PendingGlueReference)):
        notes(app.env, QUOTES).setdefault(app.env.docname, False)
