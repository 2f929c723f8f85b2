"""Providers run a small repository with the same kinds of jobs as this one; each job takes a moment."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from uuid import uuid4

import pytest

from ecluse.definition.model import Event
from ecluse.machine import process
from ecluse.providers import PROVIDERS
from tests.support.providers import gitlab
from tests.support.providers.act import Play
from tests.support.providers.pipelines import parsed
from tests.support.providers.travis_build import build

PULL_REQUEST = Event(kind="pull_request", branch="staging")
PUSH = Event(kind="push", branch="staging")
TAG = Event(kind="tag", tag="v1.0")

CHECKS = {"lint", "tests (small)", "container", "render"}

# What breaks in a change → the jobs that must see it, and no other.
BROKEN = {
    "drift": {"render"},
    "lint error": {"lint", "tests (small)"},
    "broken test": {"tests (small)"},
}


def break_it(repository: Path, how: str) -> None:
    path = repository / {"drift": ".travis.yml"}.get(how, "site.py")
    text = path.read_text()
    change = {
        "drift": text.replace("lint", "lent"),
        # A syntax error: what does not compile does not run either.
        "lint error": "answer = = 42\n",
        "broken test": text.replace("== 42", "== 43"),
    }
    path.write_text(change[how])


@pytest.mark.parametrize(
    "how", [pytest.param(how, marks=() if how == "drift" else pytest.mark.exhaustive) for how in BROKEN]
)
def test_broken_change_turns_its_jobs_and_the_gate_red_on_github(how: str, small: Path, play: Play) -> None:
    break_it(small, how)
    played = play(small, PULL_REQUEST)
    assert set(played.results) == CHECKS | {"gate"}
    assert played.red == BROKEN[how] | {"gate"}
    for leg in BROKEN[how]:
        assert f"{leg.partition(' ')[0]}: failure" in played.logs["gate"]
        assert "::error" in played.said[leg], "a failure is annotated"
        assert "no files were found at .ecluse" not in played.said[leg], "a red job's report is kept as well"


@pytest.mark.exhaustive
@pytest.mark.parametrize("how", BROKEN)
def test_broken_change_turns_its_jobs_red_on_travis(how: str, small: Path, docker: str) -> None:
    break_it(small, how)
    config = parsed(process.run(["git", "show", "HEAD:.travis.yml"], cwd=small).output)
    built = build(docker, small, config, PULL_REQUEST)
    assert set(built.results) == CHECKS
    assert built.red == BROKEN[how]


@pytest.mark.exhaustive
def test_packages_are_saved_by_one_job_and_restored_by_all(small: Path, play: Play) -> None:
    # A state of the locks that no play has met.
    with (small / "requirements" / "ecluse.txt").open("a") as lock:
        lock.write(f"# {uuid4()}\n")
    found = {
        turn: play(small, PULL_REQUEST, "--job", job) for turn, job in enumerate(("render", "lint", "lint", "render"))
    }
    said = {turn: "\n".join(played.logs.values()) for turn, played in found.items()}
    restored = {
        turn: re.findall(r"cache packages-Linux-\w+-3\.13-[0-9a-f]{64}: restored: (\w+)", said[turn]) for turn in said
    }
    assert restored == {0: ["false"], 1: ["false"], 2: ["true"], 3: ["true"]}, said
    saved = {turn: re.findall(r"cache packages-\S+: saved: (.*)", said[turn]) for turn in said}
    assert saved == {0: [], 1: ["/root/.cache/pip /root/.cache/uv "], 2: [], 3: []}, said


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(TAG, {"promote", "deploy-production"}, id="tag"),
        pytest.param(PUSH, CHECKS | {"image"}, id="push", marks=pytest.mark.exhaustive),
        pytest.param(Event(kind="push", branch="topic"), set(), id="another branch"),
        pytest.param(Event(kind="push", branch="v1.0"), set(), id="a branch like a tag", marks=pytest.mark.exhaustive),
    ],
)
def test_an_event_runs_its_own_jobs_on_github(event: Event, expected: set[str], small: Path, play: Play) -> None:
    played = play(small, event, "--secret", "SSH_KEY=not-a-key-0123456789")
    assert set(played.results) == expected
    assert not played.red, played.why()
    assert "not-a-key-0123456789" not in played.output


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(TAG, {"promote"}, id="tag"),
        pytest.param(PUSH, CHECKS | {"image"}, id="push", marks=pytest.mark.exhaustive),
    ],
)
def test_an_event_runs_its_own_jobs_on_travis(event: Event, expected: set[str], small: Path, docker: str) -> None:
    built = build(docker, small, parsed((small / ".travis.yml").read_text()), event)
    assert built.results == dict.fromkeys(expected, "passed"), built.why()


@pytest.mark.exhaustive
def test_a_failed_stage_keeps_the_next_from_running_on_travis(small: Path, docker: str) -> None:
    break_it(small, "broken test")
    built = build(docker, small, parsed((small / ".travis.yml").read_text()), PUSH)
    assert built.results["image"] == "canceled"
    assert built.results["lint"] == "passed"


def test_broken_test_turns_its_own_job_red_on_gitlab(small: Path, play_gitlab: gitlab.Play) -> None:
    break_it(small, "broken test")
    played = play_gitlab(small, PULL_REQUEST, "tests", "lint")
    assert played.results == {"lint": "success", "tests (small)": "failure"}


@pytest.mark.exhaustive
@pytest.mark.parametrize("how", BROKEN)
def test_broken_change_turns_its_own_jobs_red_on_gitlab(how: str, small: Path, play_gitlab: gitlab.Play) -> None:
    break_it(small, how)
    played = play_gitlab(small, PULL_REQUEST)
    assert set(played.results) == CHECKS
    assert played.red == BROKEN[how], played.why()


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(TAG, {"promote"}, id="tag"),
        pytest.param(PUSH, CHECKS | {"image"}, id="push", marks=pytest.mark.exhaustive),
        pytest.param(Event(kind="push", branch="topic"), set(), id="another branch"),
    ],
)
def test_event_runs_its_own_jobs_on_gitlab(
    event: Event, expected: set[str], small: Path, play_gitlab: gitlab.Play
) -> None:
    played = play_gitlab(small, event, "--variable", "SSH_KEY=not-a-key-0123456789")
    assert played.results == dict.fromkeys(expected, "success"), played.why()
    assert "not-a-key-0123456789" not in "".join(played.logs.values())


@pytest.mark.parametrize("how", [None, pytest.param("broken test", marks=pytest.mark.exhaustive)])
def test_laptop_and_providers_agree_on_commands_and_verdicts(
    how: str | None, small: Path, play: Play, play_gitlab: gitlab.Play, docker: str
) -> None:
    if how:
        break_it(small, how)
    played = play(small, PULL_REQUEST)
    built = build(docker, small, parsed((small / ".travis.yml").read_text()), PULL_REQUEST)
    run = play_gitlab(small, PULL_REQUEST)
    here = on_this_machine(small, docker)

    on_github = {name: result == "success" for name, result in played.results.items() if name != "gate"}
    on_gitlab = {name: result == "success" for name, result in run.results.items()}
    on_travis = {name: result == "passed" for name, result in built.results.items()}
    on_this = {name: leg["status"] == "passed" for name, leg in here.items()}
    assert on_this == on_github, played.why()
    assert on_this == on_gitlab, run.why()
    assert on_this == on_travis, built.why()
    assert played.results["gate"] == ("failure" if how else "success")

    commands = {name: [step["command"] for step in leg["steps"]] for name, leg in here.items()}
    on_github_too = {name: lines for name, lines in played.commands().items() if name != "gate"}
    assert commands == on_github_too == run.commands() == built.commands()


def on_this_machine(repository: Path, docker: str) -> dict[str, dict]:  # type: ignore[type-arg]
    """The legs of ``ecluse run`` for the pull request, from its own record."""
    # Not as a part of this test run, whose database, settings and provider are its own.
    markers = (provider.marker for provider in PROVIDERS.values())
    mine = ("DATABASE_URL", "DJANGO_", "ECLUSE_", "PYTEST_", "PYTHON", *markers)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    argv = ["./ecluse", "run", "--event", "pull_request", "--ref", "staging", "--no-cache"]
    process.run(argv, cwd=repository, env={**kept, "TESTCONTAINERS_RYUK_DISABLED": "true"}, check=False)
    record = json.loads(process.run(["./ecluse", "report", "--json"], cwd=repository).output)
    return {leg["name"]: leg for leg in record["legs"] if leg["status"] != "skipped"}
