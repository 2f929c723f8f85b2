"""The Pythons of a machine that stands in a folder: each is a file, which answers as it is told."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ecluse.machine.interpreters import find
from tests.support.doubles.programs import Programs

CURRENT = f"{sys.version_info.major}.{sys.version_info.minor}"


class Machine:
    def __init__(self, folder: Path, programs: Programs) -> None:
        self.folder = folder
        self.programs = programs
        self.environ = {"PATH": f"{folder / 'shims'}{os.pathsep}{folder / 'bin'}", "HOME": str(folder)}
        self.memory = folder / "cache" / "pythons.json"

    def python(self, where: str, version: str, answer: str | int) -> Path:
        program = self.folder / where / f"python{version}"
        program.parent.mkdir(exist_ok=True)
        program.touch()
        self.programs.answers[str(program)] = answer
        return program

    def find(self, *versions: str) -> dict[str, str]:
        return find(versions, self.environ, self.memory)

    @property
    def asked(self) -> int:
        return len(self.programs.calls)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    programs = Programs().take_over(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return Machine(tmp_path, programs)


def test_running_python_is_found_without_a_process(machine: Machine) -> None:
    assert machine.find(CURRENT) == {CURRENT: sys.version}
    assert machine.asked == 0


def test_missing_python_is_not_found(machine: Machine) -> None:
    assert machine.find("3.99") == {}


def test_a_shim_that_fails_does_not_hide_the_next_on_the_path(machine: Machine) -> None:
    machine.python("shims", "3.99", 127)
    machine.python("bin", "3.99", "3.99.1 (main)\n")
    assert machine.find("3.99", "3.99") == {"3.99": "3.99.1 (main)"}


def test_first_working_python_on_the_path_is_found(machine: Machine) -> None:
    machine.python("shims", "3.99", "3.99.2\n")
    machine.python("bin", "3.99", "3.99.1\n")
    assert machine.find("3.99") == {"3.99": "3.99.2"}
    assert machine.asked == 1


def test_cached_python_is_kept_until_its_program_changes(machine: Machine) -> None:
    program = machine.python("bin", "3.99", "3.99.1\n")
    assert machine.find("3.99") == machine.find("3.99") == {"3.99": "3.99.1"}
    assert machine.asked == 1
    machine.programs.answers[str(program)] = "3.99.2\n"
    os.utime(program, (1, 1))
    assert machine.find("3.99") == {"3.99": "3.99.2"}


@pytest.mark.parametrize("choice", ["PYENV_VERSION", ".python-version", ".pyenv/version"])
def test_cached_python_is_dropped_when_pyenv_changes(machine: Machine, choice: str) -> None:
    machine.python("shims", "3.99", 127)
    assert machine.find("3.99") == {}
    machine.python("shims", "3.99", "3.99.1\n")
    if choice == "PYENV_VERSION":
        machine.environ[choice] = "3.99.1"
    else:
        (machine.folder / choice).parent.mkdir(exist_ok=True)
        (machine.folder / choice).write_text("3.99.1\n")
    assert machine.find("3.99") == {"3.99": "3.99.1"}


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_broken_interpreter_cache_only_costs_time(machine: Machine, content: str) -> None:
    machine.python("bin", "3.99", "3.99.1\n")
    machine.memory.parent.mkdir()
    machine.memory.write_text(content)
    assert machine.find("3.99") == {"3.99": "3.99.1"}
    machine.find("3.99")
    assert machine.asked == 1
