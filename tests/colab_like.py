"""An environment with what Colab has and no more, and a way to run a notebook in it.

Its libraries are those of the environment that runs the tests, one hard link for each file: made in
seconds, and what pip changes in it changes nothing elsewhere.
"""

import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

# Of what Colab brings: what PyTorch, plots and tables need, and what its kernel needs.
COLAB = [
    *("torch", "torchvision", "numpy", "matplotlib", "pandas", "scipy", "scikit-learn", "pillow"),
    *(
        "xgboost-cpu",
        "tqdm",
        "requests",
        "rich",
        "typer",
        "pydantic",
        "pytest",
        "ipykernel",
        "ipython",
        "pip",
        "setuptools",
    ),
]


@dataclass(frozen=True)
class Run:
    """What happened when a notebook ran."""

    notebook: NotebookNode
    seconds: float

    def printed(self, part: str) -> str:
        """Return what the code cells whose source holds a text printed."""
        cells = [c for c in self.notebook.cells if c.cell_type == "code" and part in c.source]
        outputs = [output for cell in cells for output in cell.outputs]
        return "".join(output.get("text", "") for output in outputs)


def closure(names: list[str]) -> set[str]:
    """Return the installed distributions that these need, themselves included."""
    found, waiting = set(), list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            requirements = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system or Python
        found.add(name)
        waiting += [re.match(r"[\w.-]+", r)[0] for r in requirements if "extra ==" not in r]
    return found


def make_environment(folder: Path) -> Path:
    """Make the environment in a folder, on the file system of this one, and return its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    answer = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    target, source = Path(answer.stdout.strip()), Path(sysconfig.get_path("purelib"))
    for name in closure(COLAB):
        for entry in importlib.metadata.files(name) or []:
            file = source / entry
            if ".." in entry.parts or not file.is_file():
                continue  # commands: the kernel needs none
            (target / entry).parent.mkdir(parents=True, exist_ok=True)
            if not (target / entry).exists():
                os.link(file, target / entry)
    _rename(target, "xgboost_cpu", "xgboost")  # Colab has the large build; the code is the same
    install = [python, "-m", "ipykernel", "install", "--prefix", folder, "--name", "colab"]
    subprocess.run(install, check=True, capture_output=True)
    return python


def _rename(packages: Path, old: str, new: str) -> None:
    """Let pip know an installed distribution by another name."""
    (info,) = packages.glob(f"{old}-*.dist-info")
    metadata = info / "METADATA"
    text = re.sub(r"^Name: .*$", f"Name: {new}", metadata.read_text(encoding="utf-8"), flags=re.M)
    metadata.unlink()  # a hard link: the original stays as it is
    metadata.write_text(text, encoding="utf-8")
    info.rename(info.with_name(info.name.replace(old, new)))


def run(notebook: Path, environment: Path, site: str, folder: Path) -> Run:
    """Run a notebook from top to bottom in an empty folder.

    Args:
        notebook: as the site offers it.
        environment: the folder of `make_environment`.
        site: where the site is served, for its address on the web.
        folder: an empty one.
    """
    text = notebook.read_text(encoding="utf-8")
    address = re.search(r"@ (https://\S+?/)_static/torchbook-", text)[1]
    copy = folder / notebook.name
    copy.write_text(text.replace(address, f"{site}/"), encoding="utf-8")
    ours = ("PYTHONPATH", "IPYTHONDIR", "MATPLOTLIBRC", "TORCHBOOK_CHAPTER", "VIRTUAL_ENV")
    surroundings = {name: value for name, value in os.environ.items() if name not in ours}
    surroundings["JUPYTER_PATH"] = str(environment / "share" / "jupyter")  # where its kernel is
    options = ["--inplace", "--kernel_name=colab", "--timeout=600", str(copy)]
    code = f"from nbclient.cli import NbClientApp as App; App.launch_instance({options!r})"
    started = time.monotonic()
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=surroundings, capture_output=True, text=True
    )
    seconds = time.monotonic() - started
    assert answer.returncode == 0, answer.stderr[-4000:]
    return Run(nbformat.read(copy, as_version=4), seconds)
