"""What the workflows promise: what was checked is published, and the weekly builds start cold."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in (ROOT / ".github" / "workflows").glob("*.yml")
}
JOBS = {
    (workflow, name): job
    for workflow, content in WORKFLOWS.items()
    for name, job in content["jobs"].items()
}
STEPS = [(place, step) for place, job in JOBS.items() for step in job["steps"]]


def step_of(workflow, job, text):
    """Return the position and the content of a job's only step with a text in its first lines."""
    steps = JOBS[workflow, job]["steps"]
    [found] = [
        (i, step)
        for i, step in enumerate(steps)
        if any(text in step.get(key, "") for key in ("uses", "run", "name"))
    ]
    return found


def run(script, folder, **environment):
    """Run a step's script as GitHub does where the shell is set to bash."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        check=True,
        env=os.environ | environment,
    )


def test_publishing_waits_for_checks_to_pass_on_the_main_branch():
    trigger = WORKFLOWS["publish"][True]  # YAML 1.1 reads the key `on` as true
    assert trigger == {
        "workflow_run": {
            "workflows": [WORKFLOWS["checks"]["name"]],
            "types": ["completed"],
            "branches": ["main"],
        }
    }
    [(_, job)] = [item for item in JOBS.items() if item[0][0] == "publish"]
    conditions = set(job["if"].split(" && "))
    run = "github.event.workflow_run"
    assert conditions == {f"{run}.conclusion == 'success'", f"{run}.event != 'pull_request'"}


def test_the_files_that_were_checked_are_published():
    tested, _ = step_of("checks", "book", "make site")
    kept, upload = step_of("checks", "book", "upload-artifact")
    assert kept > tested
    assert upload["with"]["path"] == "_build/html"

    _, download = step_of("publish", "publish", "download-artifact")
    _, pages = step_of("publish", "publish", "upload-pages-artifact")
    assert download["with"]["name"] == upload["with"]["name"]
    assert download["with"]["run-id"] == "${{ github.event.workflow_run.id }}"
    assert pages["with"]["path"] == download["with"]["path"]
    for step in (upload, pages):
        assert step["with"]["include-hidden-files"] is True

    used = [step.get("uses", step.get("run")) for step in JOBS["publish", "publish"]["steps"]]
    assert not [text for text in used if re.search(r"\bmake\b|checkout|setup-", text)]


def test_a_release_has_the_book_as_a_pdf_of_what_was_checked():
    assert WORKFLOWS["release"][True] == {"push": {"tags": ["v*"]}}
    [tested, made, published] = [
        step_of("release", "release", text) for text in ("make site", "make pdf", "gh release")
    ]
    assert tested[0] < made[0] < published[0]
    script = (ROOT / "tools" / "book_pdf.py").read_text(encoding="utf-8")
    assert 'BOOK = ROOT / "_build" / "torchbook.pdf"' in script
    assert '"_build/torchbook.pdf#' in published[1]["run"]


def test_only_the_version_of_the_project_can_be_released(tmp_path):
    _, step = step_of("release", "release", "The tag")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "2.1"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Log\n\n## 2.1 (today)\n\nNew.\n\n## 2.0\n\nOld.\n")
    environment = {"RUNNER_TEMP": str(tmp_path)}
    run(step["run"], tmp_path, GITHUB_REF_NAME="v2.1", **environment)
    assert (tmp_path / "notes.md").read_text().split() == ["New."]
    with pytest.raises(subprocess.CalledProcessError):
        run(step["run"], tmp_path, GITHUB_REF_NAME="v2.0", **environment)
    (tmp_path / "CHANGELOG.md").write_text("# Log\n\n## 2.0\n\nOld.\n")
    with pytest.raises(subprocess.CalledProcessError):
        run(step["run"], tmp_path, GITHUB_REF_NAME="v2.1", **environment)


def test_the_weekly_builds_restore_no_run_of_a_chapter_and_leave_theirs_to_checks():
    weekly = [step for (workflow, _), step in STEPS if workflow == "weekly"]
    [save] = [step for step in weekly if step.get("uses", "").startswith("actions/cache")]
    assert save["uses"].startswith("actions/cache/save@")
    _, restore = step_of("checks", "book", "actions/cache@")
    assert save["with"]["path"] == restore["with"]["path"]
    assert save["with"]["key"].startswith(restore["with"]["restore-keys"])


def test_every_command_of_make_exists():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    called = set()
    for place, step in STEPS:
        matrix = JOBS[place].get("strategy", {}).get("matrix", {})
        script = step.get("run", "").replace(
            "${{ matrix.target }}", " ".join(matrix.get("target", []))
        )
        for goals in re.findall(r"^\s*make ([a-z -]+)", script, re.M):
            called.update(word for word in goals.split() if not word.startswith("-"))
    assert {"lint", "test", "book", "site", "slow", "lessons", "colab", "weekly"} <= called
    assert {"pdf", "firefox"} <= called
    assert called <= set(targets)


def test_a_pipe_fails_when_one_of_its_commands_fails():
    for (workflow, _), step in STEPS:
        assert "shell" not in step
        script = re.sub(r"'[^']*'|\$\{\{.*?\}\}", "", step.get("run", ""))
        if re.search(r"[^|]\|[^|]", script):
            assert WORKFLOWS[workflow]["defaults"]["run"]["shell"] == "bash", step


def test_the_weekly_upgrade_takes_the_subject_the_package_and_the_chapters(tmp_path):
    _, step = step_of("weekly", "newest", "Upgrade")
    [sed] = [line for line in step["run"].splitlines() if line.startswith("sed")]
    run(sed, ROOT, RUNNER_TEMP=str(tmp_path))
    lines = (tmp_path / "newest.txt").read_text(encoding="utf-8").splitlines()
    names = {line.split()[0] for line in lines if line and not line.startswith("#")}
    assert {"torch", "torchvision", "numpy", "onnx", "onnxruntime", "timm", "gradio"} <= names
    pinned = {name.split("==")[0] for name in names if "==" in name}
    assert {"jupyter-book", "sphinx", "myst-nb", "pytest"} <= pinned


@pytest.mark.parametrize(("open_issue", "command"), [("", "create"), ("7", "comment 7")])
def test_a_weekly_failure_is_reported_in_one_issue(tmp_path, open_issue, command):
    _, step = step_of("weekly", "newest", "issue")
    assert step["if"] == "failure() && steps.book.outcome == 'failure'"
    log = "1 problem(s) in this build:\n  - chapters/09: no such function\n"
    (tmp_path / "book.log").write_text(log)
    programs = {
        "gh": 'echo "$@" >> calls\n[ "$2" = list ] && echo $OPEN || cp "${@: -1}" body',
        ".venv/bin/python": "echo torch==9.0",
    }
    for name, script in programs.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/usr/bin/env bash\n{script}\n")
        path.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environment = {"TITLE": "It fails", "RUN": "the run", "OPEN": open_issue, "PATH": path}
    run(step["run"], tmp_path, RUNNER_TEMP=str(tmp_path), **environment)
    listing, report = (tmp_path / "calls").read_text().splitlines()
    assert listing.startswith("issue list --state open")
    assert report.startswith(f"issue {command} ")
    body = (tmp_path / "body").read_text()
    assert log in body
    assert "torch==9.0" in body
