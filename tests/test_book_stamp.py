"""The site's tests refuse a site that was not built from the sources as they are now."""

import subprocess
from types import SimpleNamespace

import pytest
from small_book import ROOT, SmallBook, cell
from torchbook_site.finish import stamp


def commit(folder):
    """Make a folder a git checkout with all of its files committed."""
    (folder / ".gitignore").write_text("_build/\n")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@x.x"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], cwd=folder, check=True)


@pytest.fixture
def app(tmp_path):
    """What the handlers use of Sphinx, for a book of one page in a git checkout."""
    for name in ("_build/html/index.html", "chapters/one.md", "tests/test_one.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text("Hello.")
    commit(tmp_path)
    return SimpleNamespace(srcdir=tmp_path)


def build(app):
    stamp.begin(app)
    stamp.write_stamp(app)


def test_a_clean_build_of_these_sources_is_accepted(app):
    with pytest.raises(SystemExit, match="no site from a build without problems"):
        stamp.check(app.srcdir)
    build(app)
    stamp.check(app.srcdir)
    (app.srcdir / "tests" / "test_one.py").write_text("The site does not depend on its tests.")
    (app.srcdir / "_build" / "html" / "other.html").write_text("Git ignores the built site.")
    stamp.check(app.srcdir)


CHANGES = pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "chapters" / "one.md").write_text("Hello!"),
        lambda root: (root / "chapters" / "one.md").unlink(),
        lambda root: (root / "chapters" / "one.md").rename(root / "chapters" / "two.md"),
        lambda root: (root / "chapters" / "new.md").write_text("Not committed yet."),
    ],
    ids=["edited", "deleted", "renamed", "added"],
)


@CHANGES
def test_other_sources_are_refused(app, change):
    build(app)
    change(app.srcdir)
    with pytest.raises(SystemExit, match="The sources have changed since the site was built"):
        stamp.check(app.srcdir)


def test_sources_that_change_during_the_build_are_refused(app):
    stamp.begin(app)
    (app.srcdir / "chapters" / "one.md").write_text("Hello!")
    stamp.write_stamp(app)
    with pytest.raises(SystemExit, match="The sources have changed"):
        stamp.check(app.srcdir)


def test_after_a_clean_build_one_that_is_interrupted_withdraws_the_stamp(app):
    build(app)
    stamp.begin(app)
    with pytest.raises(SystemExit, match="no site from a build without problems"):
        stamp.check(app.srcdir)


def test_where_nothing_has_changed_there_is_nothing_to_build(app):
    assert not stamp.is_current(app.srcdir)
    build(app)
    assert stamp.is_current(app.srcdir)
    stamp.begin(app)  # a build that is interrupted
    assert not stamp.is_current(app.srcdir)


@CHANGES
def test_other_sources_are_built(app, change):
    build(app)
    change(app.srcdir)
    assert not stamp.is_current(app.srcdir)


@pytest.mark.parametrize("change", ["device", "python", "library"])
def test_other_surroundings_are_built_in(app, monkeypatch, tmp_path_factory, change):
    libraries = tmp_path_factory.mktemp("libraries")
    monkeypatch.syspath_prepend(libraries)
    build(app)
    if change == "device":
        monkeypatch.setattr(stamp, "accelerator_name", lambda: "another device")
    elif change == "python":
        monkeypatch.setattr(stamp.platform, "python_version", lambda: "3.99.0")
    else:
        (libraries / "torch-99.dist-info").mkdir()
    assert not stamp.is_current(app.srcdir)


def test_a_site_that_was_removed_is_built(app):
    build(app)
    (app.srcdir / "_build" / "html" / "index.html").unlink()
    assert not stamp.is_current(app.srcdir)


def test_make_book_asks_first():
    command = ["make", "--dry-run", "--always-make", "book"]
    plan = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert plan.index("stamp.is_current()") < plan.index("|| .venv/bin/jupyter-book build")


def test_make_checks_the_stamp_before_it_tests_the_site():
    for target in ("site", "colab", "weekly", "lighthouse"):
        command = ["make", "--dry-run", "--always-make", target]
        plan = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        *before, _ = plan.splitlines()
        assert any("stamp.check()" in line for line in before), target


def test_outside_a_checkout_only_the_stamp_itself_counts(app):
    (app.srcdir / ".git").rename(app.srcdir / "git")
    build(app)
    assert not stamp.is_current(app.srcdir)  # nothing shows whether the sources have changed
    (app.srcdir / "chapters" / "one.md").write_text("Hello!")
    stamp.check(app.srcdir)
    stamp.begin(app)
    with pytest.raises(SystemExit, match="no site"):
        stamp.check(app.srcdir)


def test_a_page_that_leaves_a_file_among_the_sources_fails_the_build(tmp_path):
    book = SmallBook(tmp_path)
    left = tmp_path / "chapters" / "left.txt"
    code = f"from pathlib import Path\nPath({str(left)!r}).write_text('')\nPath('here').touch()"
    book.page("chapters/index", cell(code))
    commit(tmp_path)
    build = book.build()
    assert not build.ok
    assert build.problems == ["the build left a file among the sources: chapters/left.txt"]
    assert not (tmp_path / stamp.STAMP).exists()
    assert book.build().ok  # the file has been there from the start, and a real build is stamped
    stamp.check(tmp_path)
