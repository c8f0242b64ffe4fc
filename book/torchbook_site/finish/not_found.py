"""The page that the host shows for an address that does not exist, at whatever depth."""

from __future__ import annotations

import re

from torchbook_site.address import base_path
from torchbook_site.finish.site import Site

RELATIVE = re.compile(r'(<[^>]*\s(?:href|src|action)=")(?!/|#|[a-z]+:)')


def make_addresses_absolute(site: Site) -> None:
    """Let the page work at any address."""
    if html := site.pages.get("404.html"):
        base = base_path(site.app.config)
        html = html.replace('data-content_root="./"', f'data-content_root="{base}"')
        site.pages["404.html"] = RELATIVE.sub(lambda match: match[1] + base, html)
