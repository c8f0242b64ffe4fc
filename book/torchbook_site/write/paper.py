"""What a page needs on paper that its styles (book/static/print.css) cannot find out."""

from __future__ import annotations

import re

# A link in the text to another host: on paper its address stands after it. Names in code that lead
# to their documentation (`tb-name`) are what one looks up, and need no address.
LINK = re.compile(r'<a class="(reference external)" href="(https?://[^"]*)"([^>]*)>(.*?)</a>', re.S)
TAG = re.compile(r"<[^>]*>")


def running_title(book: str, title: str) -> str:
    """Return what stands at the head of each sheet, as a string of CSS in a style element."""
    text = title if title == book else f"{book}: {title}"
    return '"' + re.sub(r'["\\<&]', lambda found: f"\\{ord(found[0]):06x}", text) + '"'


def mark_repeated_links(body: str) -> str:
    """Mark the links whose address the paper has already: an earlier link's, or their own text."""
    seen: set[str] = set()

    def mark(link: re.Match[str]) -> str:
        kind, address, rest, text = link.groups()
        if address not in seen and TAG.sub("", text) not in (address, address.split("//")[1]):
            seen.add(address)
            return link[0]
        return f'<a class="{kind} tb-known" href="{address}"{rest}>{text}</a>'

    return LINK.sub(mark, body)
