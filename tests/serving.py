"""A folder on localhost, and how to start the browser that looks at it."""

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

# Without these Chromium calls hosts of its own, and needs a sandbox that containers lack.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves without a line for each request."""

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder at the address that this gives, without a slash at its end."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
