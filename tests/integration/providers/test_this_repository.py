"""This repository's own pull request, played: what a newcomer's first change would meet."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.load import load
from ecluse.model import Event
from ecluse.render.selection import select
from tests.support import repositories
from tests.support.act import Play
from tests.support.pipelines import parsed
from tests.support.travis_build import build

pytestmark = pytest.mark.slow

PULL_REQUEST = Event(kind="pull_request", branch="staging")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repositories.copy(tmp_path_factory.mktemp("ecluse") / "repository")


# The runner has one Python; of the matrix, its leg with the site's own Django.
LEG = ("--matrix", "python:3.13", "--matrix", "django:5.2")


def test_its_tests_are_green_on_github_with_a_real_postgresql(repository: Path, play: Play) -> None:
    played = play(repository, PULL_REQUEST, *LEG, "--job", "tests")
    assert set(played.results) == {"tests (3.13, 5.2)"}
    assert not played.red, "\n\n".join(f"== {name}\n{played.logs[name][-6000:]}" for name in played.red)


@pytest.mark.exhaustive
def test_its_whole_pull_request_is_green_on_github(repository: Path, play: Play) -> None:
    played = play(repository, PULL_REQUEST, *LEG)
    asked = {one.job.name for one in select(load(repository / "pipeline.py")) if "pull_request" in one.kinds}
    assert {name.partition(" (")[0] for name in played.results} == asked | {"gate"}
    assert not played.red, "\n\n".join(f"== {name}\n{played.logs[name][-6000:]}" for name in played.red)


def test_its_tests_pass_on_travis_s_own_postgresql(repository: Path, docker: str) -> None:
    config = parsed((repository / ".travis.yml").read_text())
    built = build(docker, repository, config, PULL_REQUEST, only="tests (3.13, 5.2)")
    assert built.results == {"tests (3.13, 5.2)": "passed"}, "\n".join(built.logs.values())[-6000:]


@pytest.mark.exhaustive
def test_its_whole_pull_request_is_green_on_travis(repository: Path, docker: str) -> None:
    config = parsed((repository / ".travis.yml").read_text())
    # The runner has one Python: the other legs would be another Python's.
    config["jobs"]["include"] = [job for job in config["jobs"]["include"] if job["python"] == "3.13"]
    built = build(docker, repository, config, PULL_REQUEST)
    assert set(built.results.values()) == {"passed"}, built.results
