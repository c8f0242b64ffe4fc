"""Build small books, each in a process of its own that finds Sphinx imported already.

That import is most of a small build. Each line on the standard input names a book's folder and a
file for what its build says, with a tab between; the answer is Sphinx's exit code.
"""

import importlib
import os
import sys
from pathlib import Path

OPTIONS = ["-b", "html", "-W", "--keep-going", "-n", "-q", "-d", "_build/.doctrees"]


def build(folder: str, said: str) -> int:
    """Build a book with plain Sphinx, and return its exit code."""
    with Path(os.devnull).open() as nothing, Path(said).open("wb") as file:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(folder)
    sys.path.insert(0, f"{folder}/src")
    os.environ["PYTHONPATH"] = f"{folder}/src{os.pathsep}{os.environ['PYTHONPATH']}"
    return sys.modules["sphinx.cmd.build"].main([*OPTIONS, ".", "_build/html"])


def main(extensions: list[str]) -> None:
    """Import Sphinx and these extensions, then build until the input ends."""
    for name in ("sphinx.cmd.build", "sphinx.builders.html", *extensions):
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            sys.exit(build(*line.rstrip("\n").split("\t")))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
