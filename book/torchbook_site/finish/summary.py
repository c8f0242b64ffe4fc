"""What the build says when it ends."""

from __future__ import annotations

from torchbook_site.finish.site import Site
from torchbook_site.read.execution import ChapterCache
from torchbook_site.resolve.report import chapters, run_of


def print_summary(site: Site) -> None:
    """Say which chapters ran, where and for how long."""
    env = site.app.env
    print("\nChapters")
    for name in chapters(env):
        run = run_of(env, name)
        how = f"ran on {run['device']}" if run["build"] == ChapterCache.build else "from the cache"
        print(f"  {name:<40} {run['seconds']:7.1f} s  {how}")
