"""The site's tests refuse a site that was not built from the sources as they are now."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import tb_stamp
from small_book import SmallBook, cell


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
    builder = SimpleNamespace(name="html")
    return SimpleNamespace(
        srcdir=tmp_path, builder=builder, torchbook_problems=SimpleNamespace(problems=[])
    )


def build(app, exception=None):
    tb_stamp.begin(app)
    tb_stamp.finish(app, exception)


def test_a_clean_build_of_these_sources_is_accepted(app):
    build(app)
    tb_stamp.check(app.srcdir)
    (app.srcdir / "tests" / "test_one.py").write_text("The site does not depend on its tests.")
    (app.srcdir / "_build" / "html" / "other.html").write_text("Git ignores the built site.")
    tb_stamp.check(app.srcdir)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "chapters" / "one.md").write_text("Hello!"),
        lambda root: (root / "chapters" / "one.md").unlink(),
        lambda root: (root / "chapters" / "one.md").rename(root / "chapters" / "two.md"),
        lambda root: (root / "chapters" / "new.md").write_text("Not committed yet."),
    ],
    ids=["edited", "deleted", "renamed", "added"],
)
def test_other_sources_are_refused(app, change):
    build(app)
    change(app.srcdir)
    with pytest.raises(SystemExit, match="The sources have changed since the site was built"):
        tb_stamp.check(app.srcdir)


def test_sources_that_change_during_the_build_are_refused(app):
    tb_stamp.begin(app)
    (app.srcdir / "chapters" / "one.md").write_text("Hello!")
    tb_stamp.finish(app, None)
    with pytest.raises(SystemExit, match="The sources have changed"):
        tb_stamp.check(app.srcdir)


def fails(app):
    build(app, RuntimeError())


def has_a_problem(app):
    app.torchbook_problems.problems.append("a broken link")
    build(app)


def builds_something_else(app):
    app.builder.name = "linkcheck"
    build(app)


@pytest.mark.parametrize("run", [fails, has_a_problem, builds_something_else, tb_stamp.begin])
def test_after_a_clean_build_one_that_is_not_withdraws_the_stamp(app, run):
    build(app)
    run(app)  # the last one, `begin`, is a build that was interrupted
    with pytest.raises(SystemExit, match="no site from a build without problems"):
        tb_stamp.check(app.srcdir)


def test_the_command_that_make_runs_exits_with_an_error(app):
    def run():
        command = [sys.executable, tb_stamp.__file__]
        return subprocess.run(command, cwd=app.srcdir, capture_output=True, text=True)

    answer = run()
    assert answer.returncode == 1
    assert answer.stderr == (
        "There is no site from a build without problems: run `make book` first.\n"
    )
    build(app)
    assert run().returncode == 0


def test_make_checks_the_stamp_before_it_tests_the_site():
    root = Path(__file__).parents[1]
    for target in ("site", "colab", "weekly", "lighthouse"):
        command = ["make", "--dry-run", "--always-make", target]
        plan = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
        *before, _ = plan.splitlines()
        assert any("tb_stamp.py" in line for line in before), target


def test_outside_a_checkout_only_the_stamp_itself_counts(app):
    (app.srcdir / ".git").rename(app.srcdir / "git")
    build(app)
    (app.srcdir / "chapters" / "one.md").write_text("Hello!")
    tb_stamp.check(app.srcdir)
    tb_stamp.begin(app)
    with pytest.raises(SystemExit, match="no site"):
        tb_stamp.check(app.srcdir)


def test_a_page_that_leaves_a_file_among_the_sources_fails_the_build(tmp_path):
    book = SmallBook(tmp_path)
    left = tmp_path / "chapters" / "left.txt"
    code = f"from pathlib import Path\nPath({str(left)!r}).write_text('')\nPath('here').touch()"
    book.page("chapters/index", cell(code))
    commit(tmp_path)
    build = book.build()
    assert not build.ok
    assert build.problems == ["the build left a file among the sources: chapters/left.txt"]
    assert not (tmp_path / tb_stamp.STAMP).exists()
    assert book.build().ok  # the file has been there from the start, and a real build is stamped
    tb_stamp.check(tmp_path)
