"""act, found by ECLUSE_ACT (the path of the program that runs it), a Docker engine, and a repository to play with."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ecluse.definition.model import Event
from ecluse.machine import process
from tests.support.providers import act, repositories


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
def small_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repositories.small(tmp_path_factory.mktemp("small") / "repository")


@pytest.fixture
def small(small_once: Path, tmp_path: Path) -> Path:
    """A small repository of one's own, on a commit of a branch."""
    target = tmp_path / "repository"
    shutil.copytree(small_once, target, symlinks=True, ignore=shutil.ignore_patterns(".ecluse"))
    return target
