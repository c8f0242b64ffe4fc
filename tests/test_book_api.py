"""The reference of the package: complete, and every name on it once."""

import importlib
import inspect
import pkgutil
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

import torchbook

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "book" / "api").glob("*.md"))
DOCUMENTED = Counter(
    name
    for page in PAGES
    for name in re.findall(
        r"^\.\. auto(?:function|class|exception):: (\S+)$", page.read_text(encoding="utf-8"), re.M
    )
)
OTHERWISE = {"torchbook.__main__", "torchbook.apps.cli"}  # the latter's page is made from its help
# Parts whose modules are imported one by one; of the others, what is in `__all__` is public.
BY_MODULE = {"torchbook.apps", "torchbook.book"}
# Modules that are imported by themselves besides.
ALONE = [
    "torchbook.data.download",
    "torchbook.data.image_folder",
    "torchbook.data.sets.film_ratings",
    "torchbook.data.sets.mail",
    "torchbook.data.sets.spoken_words",
    "torchbook.data.sets.verses",
    "torchbook.training.checkpoint",
    "torchbook.training.distributed",
    "torchbook.training.simulated",
]


def public_modules():
    """Yield the modules and packages that readers import from."""
    for found in pkgutil.iter_modules(torchbook.__path__, "torchbook."):
        if found.name in BY_MODULE:
            folder = importlib.import_module(found.name).__path__
            inner = pkgutil.iter_modules(folder, f"{found.name}.")
            yield from (each.name for each in inner if "._" not in each.name)
        else:
            yield found.name
    yield from ALONE


def public_names():
    """Yield the full name and the thing for each public function and class, once."""
    seen = set()
    for module_name in public_modules():
        if module_name in OTHERWISE:
            continue
        module = importlib.import_module(module_name)
        for name in getattr(module, "__all__", None) or vars(module):
            thing = getattr(module, name)
            if name.startswith("_") or not (inspect.isfunction(thing) or inspect.isclass(thing)):
                continue
            is_ours = hasattr(module, "__all__") or thing.__module__ == module.__name__
            if is_ours and thing not in seen:
                seen.add(thing)
                yield f"{module.__name__}.{name}", thing


PUBLIC = dict(public_names())


def test_every_public_name_is_on_exactly_one_page():
    assert sorted(PUBLIC) == sorted(DOCUMENTED.elements())


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_it_says_what_it_is(name):
    assert (inspect.getdoc(PUBLIC[name]) or "").strip()


def test_every_page_is_in_the_table_of_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    [reference] = [part for part in toc["parts"] if part["caption"] == "Reference"]
    [api] = [entry for entry in reference["chapters"] if entry["file"] == "book/api"]
    assert sorted(page["file"] for page in api["sections"]) == [f"book/api/{p.stem}" for p in PAGES]
