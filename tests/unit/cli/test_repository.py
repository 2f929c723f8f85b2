from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ecluse.cli.repository import test as command
from ecluse.machine import process
from tests.support.doubles.programs import Programs


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        ([], ["run"]),
        (["-e", "unit", "--", "tests/unit", "-x"], ["run", "-e", "unit", "--", "tests/unit", "-x"]),
        (["list"], ["list"]),
    ],
)
def test_ecluse_test_passes_its_arguments_to_tox_unchanged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], passed: list[str]
) -> None:
    (tmp_path / "pipeline.py").touch()
    monkeypatch.chdir(tmp_path)
    became: list[str] = []
    monkeypatch.setattr(process, "replace", lambda argv, env: became.extend(argv))
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 0, done.output
    assert became[1:4] == ["-P", "-m", "tox"]
    assert became[4:] == passed


def test_help_of_test_is_ecluses_not_toxs() -> None:
    done = CliRunner().invoke(command, ["--help"], prog_name="ecluse test")
    assert done.exit_code == 0
    assert "everything a person runs before pushing" in done.output


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pipeline.py").touch()
    (tmp_path / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "down")
    return tmp_path


@pytest.mark.parametrize("options", [(), ("--upgrade",)])
def test_lock_renews_every_lock_that_the_pipeline_names(
    top: Path, monkeypatch: pytest.MonkeyPatch, ecluse: Callable[..., Any], options: tuple[str, ...]
) -> None:
    (top / "pipeline.py").write_text(
        "from ecluse import Job, Lock, Pipeline, command\n"
        "one = Lock(path='one.txt', options=('--extra', 'a'))\n"
        "two = Lock(path='two.txt', sources=('two.in',), python='3.12')\n"
        "jobs = (Job(name='a', steps=(command('true'),)),)\n"
        "pipeline = Pipeline(name='x', jobs=jobs, locks=(one, two))\n"
    )
    programs = Programs()
    programs.answers[sys.executable] = ""
    programs.take_over(monkeypatch)
    done = ecluse("lock", *options)
    assert done.code == 0, done.err
    assert done.err.split() == ["one.txt", "two.txt"]
    first, second = (call.argv for call in programs.calls)
    assert first[6:9] == ("pyproject.toml", "--extra", "a") and second[6] == "two.in"
    for call, path, oldest in zip(programs.calls, ("one.txt", "two.txt"), ("3.11", "3.12"), strict=True):
        assert call.options["cwd"] == top
        assert call.argv[call.argv.index("--output-file") + 1] == path
        assert call.argv[call.argv.index("--python-version") + 1] == oldest
        assert {"--universal", "--generate-hashes", "--no-emit-index-url"} < set(call.argv)
        assert ("--upgrade" in call.argv) == bool(options)


def test_lock_without_lock_files_says_how_to_name_one(top: Path, ecluse: Callable[..., Any]) -> None:
    (top / "pipeline.py").write_text(
        "from ecluse import Job, Pipeline, command\n"
        "pipeline = Pipeline(name='x', jobs=(Job(name='a', steps=(command('true'),)),))\n"
    )
    done = ecluse("lock")
    assert done.code == 13
    assert "names no lock files" in done.err and "Lock(path=" in done.err


def test_every_command_hides_its_folder_from_git(top: Path, ecluse: Callable[..., Any]) -> None:
    ecluse("lock")
    assert (top / ".ecluse" / ".gitignore").read_text() == "*\n"


def test_command_outside_of_a_repository_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ecluse: Callable[..., Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = ecluse("lock")
    assert done.code == 13
    assert f"no pipeline.py in {tmp_path} or above it" in done.err and "hint:" in done.err
