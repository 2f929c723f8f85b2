"""The part of :mod:`ecluse.machine.process` that starts nothing. The rest: tests/integration/run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ecluse.errors import ToolError
from ecluse.machine import process


def test_a_command_line_reads_back_as_the_same_arguments() -> None:
    assert process.quote(("git", "commit", "-m", "it's done", Path("a b"))) == """git commit -m 'it'"'"'s done' 'a b'"""


def test_find_returns_the_program_or_an_error_with_a_hint(tmp_path: Path) -> None:
    program = tmp_path / "tool"
    program.touch(0o755)
    assert process.find("tool", path=str(tmp_path), hint="install it") == str(program)
    with pytest.raises(ToolError, match="other-tool is not installed, or not on the PATH") as caught:
        process.find("other-tool", path=str(tmp_path), hint="apt install other-tool")
    assert caught.value.hint == "apt install other-tool"


def test_replace_by_a_missing_program_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*arguments: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(os, "execvpe", missing)
    with pytest.raises(ToolError, match="cannot start no-such-program -x: no-such-program does not exist"):
        process.replace(("no-such-program", "-x"), env={})
