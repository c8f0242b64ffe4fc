"""The stages of the site's extension follow one another: none imports from a later one."""

import re

from small_book import ROOT

STAGES = ["read", "resolve", "write", "finish"]


def test_no_stage_imports_from_a_later_one():
    folder = ROOT / "book" / "torchbook_site"
    found = set()
    for place, stage in enumerate(STAGES):
        for path in (folder / stage).glob("*.py"):
            for other in re.findall(
                r"from torchbook_site\.(\w+)", path.read_text(encoding="utf-8")
            ):
                if other in STAGES:
                    assert STAGES.index(other) <= place, f"{path.name} imports from {other}"
                    found.add((stage, other))
    assert ("finish", "read") in found  # the pattern does find imports
