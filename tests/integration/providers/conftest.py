"""act and gitlab-ci-local, found by ECLUSE_ACT and ECLUSE_GITLAB (the paths of the programs that run them), a Docker
engine, and a repository to play with."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ecluse.definition.model import Event
from ecluse.machine import process
from tests.support.providers import act, gitlab, repositories


@pytest.fixture(scope="session")
def docker() -> str:
    """The Docker client, where an engine answers."""
    program = next((path for path in ("/usr/bin/docker", shutil.which("docker")) if path and Path(path).exists()), None)
    if program is None:
        pytest.skip("no docker client")
    if not process.run([program, "info"], check=False).ok:
        pytest.skip("no Docker engine answers")
    return program


@pytest.fixture(scope="session")
def play(docker: str) -> act.Play:
    """Plays the workflows of a repository: ``play(repository, event, …act's options)``."""
    program = os.environ.get("ECLUSE_ACT")
    if not program:
        pytest.skip("ECLUSE_ACT is not set: the path of a program that runs act")

    def play(repository: Path, event: Event, *options: str) -> act.Played:
        return act.act(program, repository, event, *options)

    return play


@pytest.fixture(scope="session")
def gitlab_program() -> str:
    program = os.environ.get("ECLUSE_GITLAB")
    if not program:
        pytest.skip("ECLUSE_GITLAB is not set: the path of a program that runs gitlab-ci-local")
    return program


@pytest.fixture(scope="session")
def play_gitlab(docker: str, gitlab_program: str) -> gitlab.Play:
    """Plays the pipeline of a repository: ``play_gitlab(repository, event, …gitlab-ci-local's options)``."""
    # Where no registry can be reached, one of the two names of the image is enough.
    if not process.run([docker, "image", "inspect", "python:3.13-trixie"], check=False).ok:
        process.run([docker, "tag", "python:3.13", "python:3.13-trixie"], check=False)

    def play(repository: Path, event: Event, *options: str) -> act.Played:
        return gitlab.gitlab(gitlab_program, repository, event, *options)

    return play


@pytest.fixture(scope="session")
def small_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repositories.small(tmp_path_factory.mktemp("small") / "repository")


@pytest.fixture
def small(small_once: Path, tmp_path: Path) -> Path:
    """A small repository of one's own, on a commit of a branch."""
    target = tmp_path / "repository"
    shutil.copytree(small_once, target, symlinks=True, ignore=shutil.ignore_patterns(".ecluse"))
    return target
