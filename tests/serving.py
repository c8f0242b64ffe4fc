"""A folder on localhost, and how to start the browser that looks at it."""

import contextlib
import functools
import gzip
import http.server
import io
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

# Without these Chromium calls hosts of its own, and needs a sandbox that containers lack.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]


class Server(http.server.ThreadingHTTPServer):
    """Takes what browsers ask for at once, and does not mind when they leave before the answer."""

    # Each tab of a browser opens six connections. Those beyond the queue (Python's default is 5)
    # are dropped, and the browser asks again only after a second, then after three.
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves without a line for each request."""

    def log_message(self, *arguments):
        pass


# What GitHub Pages compresses; pictures and wheels are compressed already.
COMPRESSED = {".css", ".html", ".js", ".json", ".mjs", ".svg", ".txt", ".wasm", ".xml"}


@functools.cache
def compressed(path: Path, changed: int) -> bytes:
    """Return a file's content compressed: once, as long as it does not change."""
    return gzip.compress(path.read_bytes())


class PagesHandler(QuietHandler):
    """Serves a site as GitHub Pages does.

    That is: compressed, on connections that stay open, under the site's path, with 404.html for
    what does not exist.
    """

    protocol_version = "HTTP/1.1"
    base = "/"

    def send_head(self):
        address = urlsplit(self.path).path
        known = address.startswith(self.base)
        path = Path(self.translate_path("/" + address.removeprefix(self.base)))
        if path.is_dir():
            path /= "index.html"
        status = HTTPStatus.OK if known and path.is_file() else HTTPStatus.NOT_FOUND
        if status == HTTPStatus.NOT_FOUND:
            path = Path(self.directory, "404.html")
        if not path.is_file():
            self.send_error(status)
            return None
        packs = path.suffix in COMPRESSED and "gzip" in self.headers.get("Accept-Encoding", "")
        content = compressed(path, path.stat().st_mtime_ns) if packs else path.read_bytes()
        self.send_response(status)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Cache-Control", "max-age=600")
        if packs:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return io.BytesIO(content)


@contextlib.contextmanager
def serve(folder: Path, *, like_pages: bool = False, base: str = "/") -> Iterator[str]:
    """Serve a folder at the address that this gives, without a slash at its end.

    Args:
        folder: what to serve.
        like_pages: as the site's host does it.
        base: the path of the site on that host, with a slash at both ends.
    """
    handler = type("Handler", (PagesHandler,), {"base": base}) if like_pages else QuietHandler
    handler = functools.partial(handler, directory=str(folder))
    with Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{base.rstrip('/')}"
        server.shutdown()
