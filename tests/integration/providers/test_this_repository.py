"""This repository's own pull request, played: what a newcomer's first change would meet."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ecluse.definition.load import load
from ecluse.definition.model import Event
from ecluse.definition.plan import plan
from ecluse.machine import process
from ecluse.providers.github.workflow import PUSHED, WORKFLOW
from ecluse.providers.yaml import dump
from tests.support.providers import gitlab, repositories
from tests.support.providers.act import Play
from tests.support.providers.pipelines import parsed
from tests.support.providers.travis_build import build, selected

pytestmark = pytest.mark.slow

PULL_REQUEST = Event(kind="pull_request", branch="staging")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repositories.copy(tmp_path_factory.mktemp("ecluse") / "repository")


QUICK = {"lint", "types", "files", "checks", "unit", "repository", "docs", "render"}
CHECKS = QUICK | {"tests", "frontend", "e2e"}
"""The checks of every change; a pull request has two of its own."""

THOROUGH = {"other-pythons", "tests-container", "coverage"}
"""The checks that wait for the merge queue."""

JOINED = {"quick": QUICK, "composed": {"frontend", "e2e"}}
"""The jobs that a provider runs as one, by its name."""

RELEASE = {"image", "deploy-staging", "promote", "publish", "deploy-production"}
"""The jobs with credentials: GitHub's, since pipeline.py says that GitHub deploys."""

# Written out, not computed from the pipeline: what an event does to users is to be read here too.
SELECTED = {
    "pull request": (PULL_REQUEST, CHECKS | {"compatibility", "coverage-quick"}),
    "merge group": (Event(kind="merge_group", branch="staging"), CHECKS | THOROUGH),
    "push": (Event(kind="push", branch="staging"), CHECKS | THOROUGH | {"image", "deploy-staging"}),
    "tag": (Event(kind="tag", tag="v1.2.3"), {"promote", "publish", "deploy-production"}),
    "another branch": (Event(kind="push", branch="main"), set()),
    "a pull request to another branch": (Event(kind="pull_request", branch="main"), set()),
}


@pytest.fixture
def conditions(repository: Path, tmp_path: Path) -> Path:
    """The workflow without its services: act's dry run would ask them for their health, and there are none."""
    target = tmp_path / "repository"
    shutil.copytree(repository / ".github", target / ".github")
    for path in (WORKFLOW, PUSHED):
        workflow = parsed((repository / path).read_text())
        for job in workflow["jobs"].values():
            job.pop("services", None)
        (target / path).write_text(dump(workflow, "Without services."))
    process.run(["git", "init", "--quiet"], cwd=target)
    return target


@pytest.mark.parametrize("name", SELECTED)
def test_event_selects_the_same_jobs_here_and_at_the_providers(
    name: str, repository: Path, conditions: Path, play: Play, gitlab_program: str
) -> None:
    event, expected = SELECTED[name]
    here = {leg.job.name for leg in plan(load(repository / "pipeline.py"), event).running}
    # A dry run decides every condition, and starts nothing.
    on_github = {leg.partition(" (")[0] for leg in play(conditions, event, "--dryrun").results}
    config = parsed((repository / ".travis.yml").read_text())
    on_travis, on_gitlab = set(), set()
    if event.kind != "merge_group":  # which GitHub alone has
        on_travis = {job["name"].partition(" (")[0] for job in selected(config, event)}
        on_gitlab = gitlab.listed(gitlab_program, repository, event)
    assert here == expected
    elsewhere = set() if event.kind == "merge_group" else at_provider(expected - RELEASE)
    assert on_gitlab == on_travis == elsewhere
    added = {"pull_request": {"gate"}, "merge_group": {"gate"}, "push": {"queue"}}.get(event.kind, set())
    assert on_github == at_provider(expected) | (added if expected else set())


def at_provider(jobs: set[str]) -> set[str]:
    return jobs - set().union(*JOINED.values()) | {name for name, members in JOINED.items() if jobs & members}


# The runner has one Python; of the matrix, its leg with the site's own Django.
LEG = ("--matrix", "python:3.13", "--matrix", "django:5.2")


def test_site_tests_are_green_on_github(repository: Path, play: Play) -> None:
    played = play(repository, PULL_REQUEST, *LEG, "--job", "tests")
    assert set(played.results) == {"tests (3.13, 5.2)"}
    assert not played.red, played.why()


@pytest.mark.exhaustive
def test_joined_checks_are_green_on_github(repository: Path, play: Play) -> None:
    played = play(repository, PULL_REQUEST, "--job", "quick")
    assert played.results == {"quick": "success"}, played.why()
    for name in JOINED["quick"]:
        assert name in played.logs["quick"]


@pytest.mark.exhaustive
def test_whole_pull_request_is_green_on_github(repository: Path, play: Play) -> None:
    played = play(repository, PULL_REQUEST, *LEG)
    assert {name.partition(" (")[0] for name in played.results} == at_provider(CHECKS) | {
        *("compatibility", "coverage-quick", "gate")
    }
    assert not played.red, played.why()


def test_site_tests_are_green_on_travis(repository: Path, docker: str) -> None:
    config = parsed((repository / ".travis.yml").read_text())
    built = build(docker, repository, config, PULL_REQUEST, only="tests (3.13, 5.2)")
    assert built.results == {"tests (3.13, 5.2)": "passed"}, built.why()


@pytest.mark.exhaustive
def test_whole_pull_request_is_green_on_travis(repository: Path, docker: str) -> None:
    config = parsed((repository / ".travis.yml").read_text())
    # The runner has one Python: the other legs would be another Python's.
    config["jobs"]["include"] = [job for job in config["jobs"]["include"] if job["python"] == "3.13"]
    built = build(docker, repository, config, PULL_REQUEST)
    assert set(built.results.values()) == {"passed"}, built.why()
