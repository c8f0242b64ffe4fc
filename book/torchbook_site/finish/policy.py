"""A content security policy on every page, and the sum of every script it loads.

The site's host sends no headers of ours, so the policy is in the page, before anything that it
judges. What a page may run: our own files, WebAssembly (the live models, the search), and inline
only what was there when the build wrote the page, named by its hash; styles likewise, but for the
style attributes of drawings. `integrity` says which bytes of a file are meant: a page never runs a
script of another build, or one that was changed on the way. What a module imports has no sum of its
own, and is held to our own host by `script-src 'self'`. A worker has a policy of its own, and on
this host none. Stylesheets have no sum either: a page that is opened from the disk, without a
server, would have to do without them.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import unquote

from torchbook_site.address import base_path
from torchbook_site.finish.site import Site

POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src-elem": "'self'",
    "style-src-attr": "'unsafe-inline'",  # matplotlib's drawings
    "img-src": "'self' data: blob:",
    "media-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
CHARSET = re.compile(r'<meta charset="[^"]*" ?/?>')
INLINE = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1>", re.S)
LOADED = re.compile(
    r'<(?:script\b[^>]*?\ssrc|link\b[^>]*?\shref)="(?P<address>[^"?]*)(?P<query>\?[^"]*)?"[^>]*>'
)
DATA = re.compile(r'type="application/(?:ld\+)?json"')


def policy(html: str) -> str:
    """Return the policy of a page: what every page has, and the hashes of what is inline on it."""
    hashes: dict[str, dict[str, None]] = {"script": {}, "style": {}}
    for kind, attributes, text in INLINE.findall(html):
        if text and " src=" not in attributes and not DATA.search(attributes):
            hashes[kind][f"'sha256-{_digest('sha256', text.encode())}'"] = None
    extra = {"script-src": hashes["script"], "style-src-elem": hashes["style"]}
    return "; ".join(" ".join((name, POLICY[name], *extra.get(name, ()))) for name in POLICY)


def secured(html: str, page: Path, site: Path, base: str) -> str:
    """Return a page with its policy and the sums of its files.

    Args:
        html: the page.
        page: where it lies.
        site: the folder of the site.
        base: the path of the site on its host.
    """

    def add_sum(match: re.Match[str]) -> str:
        tag = match[0]
        if tag.startswith("<link") and not re.search(r'rel="stylesheet"', tag):
            return tag
        path = unquote(match["address"])
        file = site / path.removeprefix(base) if path.startswith("/") else page.parent / path
        if not file.is_file():  # the gates complain of it
            return tag
        total = sum_of(file.resolve())
        # A copy of an earlier build, kept by the browser, would not have that sum: it is not asked.
        tag = tag.replace(
            f'{match["address"]}{match["query"] or ""}"',
            f'{match["address"]}?v={version_of(total)}"',
        )
        if tag.startswith("<link"):
            return tag
        end = "/>" if tag.endswith("/>") else ">"
        return f'{tag.removesuffix(end).rstrip()} integrity="sha384-{total}"{end}'

    html = LOADED.sub(add_sum, html)
    tag = (
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy(html), quote=False)}">'
    )
    return CHARSET.sub(lambda match: match[0] + tag, html, count=1)


def _digest(name: str, content: bytes) -> str:
    return base64.b64encode(hashlib.new(name, content).digest()).decode()


@cache  # emptied at the start of each finishing pass
def sum_of(file: Path) -> str:
    """Return the sum of a file as pages name it: its SHA-384, in base64."""
    return sum_of_bytes(file.read_bytes())


def sum_of_bytes(content: bytes) -> str:
    """Return the SHA-384 of some bytes, in base64."""
    return _digest("sha384", content)


def version_of(total: str) -> str:
    """Return the beginning of a sum as addresses name it."""
    return re.sub(r"\W", "", total)[:8]


def add_policies(site: Site) -> None:
    """Give each page its policy and the sums of the files that it loads."""
    sum_of.cache_clear()
    base = base_path(site.app.config)
    for name, html in site.pages.items():
        site.pages[name] = secured(html, site.folder / name, site.folder, base)
