"""A pushed commit that the merge queue has tested, before a server that answers as GitHub's documentation says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecluse.definition.load import load
from ecluse.definition.model import Event
from ecluse.machine import git, process
from ecluse.providers.github.workflow import PUSHED, WORKFLOW
from ecluse.render import HEADER, drift, render
from testbed.standins import github
from testbed.standins.github import GitHubServer
from tests.support.providers.act import Play
from tests.support.providers.pipelines import parsed
from tests.support.providers.repositories import TOP

PUSH = Event(kind="push", branch="staging")
COMMIT = "c0ffee" + "0" * 34
RUN = {
    "path": WORKFLOW,
    "event": "merge_group",
    "conclusion": "success",
    "head_sha": COMMIT,
    "head_branch": "gh-readonly-queue/staging/pr-7-4b825dc",
}
STEP = parsed((TOP / PUSHED).read_text())["jobs"]["queue"]["steps"][0]


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with github.running() as told:
        told.runs = [dict(RUN)]
        yield told


def asked(server: GitHubServer, folder: Path, **environ: str) -> tuple[str, str]:
    """The step's answer, and what it printed."""
    output = folder / "output"
    env = {
        **{name: os.environ[name] for name in ("PATH", "HOME")},
        **{"GITHUB_API_URL": server.url, "GITHUB_REPOSITORY": server.name, "GITHUB_OUTPUT": str(output)},
        **{"GITHUB_SHA": COMMIT, "GITHUB_REF_NAME": "staging"},
        **{"TOKEN": github.TOKEN, "WORKFLOW": STEP["env"]["WORKFLOW"]},
        **environ,
    }
    # As GitHub runs it; the pauses are left out.
    script = folder / "step.sh"
    script.write_text(f"sleep() {{ :; }}\n{STEP['run']}\n")
    argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    done = process.run(argv, cwd=folder, env=env)
    return output.read_text().strip(), done.output


def test_commit_that_the_queue_has_tested_is_proved(server: GitHubServer, tmp_path: Path) -> None:
    answer, said = asked(server, tmp_path)
    assert answer == "proved=true" and "The merge queue has tested this commit: true" in said


@pytest.mark.parametrize(
    "other",
    [
        {"conclusion": "failure"},
        {"conclusion": "cancelled"},
        {"event": "pull_request"},
        {"head_sha": "f" * 40},
        {"head_branch": "gh-readonly-queue/staging/2/pr-7-4b825dc"},
        {"head_branch": "staging"},
        {"path": ".github/workflows/other.yml"},
    ],
    ids=str,
)
def test_commit_of_any_other_run_is_not_proved(other: dict[str, str], server: GitHubServer, tmp_path: Path) -> None:
    server.runs = [{**RUN, **other}]
    assert asked(server, tmp_path)[0] == "proved=false"


def test_commit_is_not_proved_while_github_is_silent(server: GitHubServer, tmp_path: Path) -> None:
    assert asked(server, tmp_path, TOKEN="another")[0] == "proved=false"
    assert asked(server, tmp_path, GITHUB_API_URL="http://127.0.0.1:1")[0].endswith("proved=false")


def queued(repository: Path) -> Path:
    """The small repository with a merge queue."""
    file = repository / "pipeline.py"
    text = file.read_text()
    text = text.replace('any_of(pull_request("staging"),', 'any_of(pull_request("staging"), merge_group("staging"),')
    text = text.replace("accept=(", 'accept=("travis-merge-group", "gitlab-merge-group", ')
    file.write_text(text)
    drift.write(repository, render(load(file)).files, HEADER)
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    process.run(["git", "add", "--all"], cwd=repository)
    process.run(["git", *identity, "commit", "--quiet", "--message", "A merge queue"], cwd=repository)
    return repository


@pytest.mark.exhaustive
@pytest.mark.parametrize("how", ["proved", "not proved", "not proved and broken"])
def test_image_is_made_of_proved_or_tested_commits_alone(
    how: str, server: GitHubServer, small: Path, play: Play
) -> None:
    repository = queued(small)
    head = git.head(repository) or ""
    server.runs = [{**RUN, "head_sha": head}] if how == "proved" else []
    if "broken" in how:
        (repository / "site.py").write_text("answer = 43\nassert answer == 42\n")
    # The address of the server, and the name that the remote of the repository would give it.
    given = {"GITHUB_API_URL": server.url, "GITHUB_REPOSITORY": server.name}
    options = [part for pair in given.items() for part in ("--env", "=".join(pair))]
    played = play(repository, PUSH, *options, "--secret", f"GITHUB_TOKEN={github.TOKEN}")
    checks = {"lint": "success", "tests (small)": "success", "container": "success", "render": "success"}
    assert (
        played.results
        == {
            "proved": {"queue": "success", "image": "success"},
            "not proved": {**checks, "queue": "success", "image": "success"},
            "not proved and broken": {**checks, "queue": "success", "tests (small)": "failure"},
        }[how]
    ), played.output[-3000:]
