"""Files from a run that the site offers, such as a model for the reader's own browser.

The book's build puts a published file at `_static/models/NAME`. Outside the book, `publish` only
prints its name and size.
"""

import base64
import hashlib
import os
import re
from pathlib import Path

from IPython.core.getipython import get_ipython
from IPython.display import display

# How the executed notebook stores a file, invisible on the page: a record in the form that MyST-NB
# extracts, as for `claims.glue`. The build decodes it in book/torchbook_site/read/files.py.
_HIDDEN = "application/papermill.record/"
FILE_MIME = "application/vnd.torchbook.file"  # holds the file's bytes, in base64

_GOOD_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)


def publish(path: Path | str, name: str | None = None) -> None:
    """Give a file from this run to the site, which offers it at `_static/models/NAME`.

    Args:
        path: the file.
        name: its name on the site; by default the name of the file. Two pages may not use the same
            name for different files.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the name is not a plain file name.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path} to publish")
    name = path.name if name is None else name
    if not _GOOD_NAME.fullmatch(name):
        raise ValueError(
            f"name must be a plain file name of letters, digits, dots, dashes and underscores, "
            f"such as model.onnx, but is {name!r}"
        )
    content = path.read_bytes()
    # Outside the build, it would only make the notebook larger.
    if os.environ.get("TORCHBOOK_CHAPTER") and get_ipython() is not None:
        record = {
            "name": name,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        display(
            {f"{_HIDDEN}{FILE_MIME}": base64.b64encode(content).decode()},
            raw=True,
            metadata={
                "scrapbook": {"name": f"file {name}", "mime_prefix": _HIDDEN},
                "torchbook_file": record,
            },
        )
    print(f"published {name}, {_size(len(content))}")


def _size(n_bytes: int) -> str:
    if n_bytes < 1_000:
        return f"{n_bytes} bytes"
    if n_bytes < 999_500:
        return f"{n_bytes / 1_000:.0f} kB"
    return f"{n_bytes / 1_000_000:.1f} MB"
