from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ecluse import process
from ecluse.cli.repository import test as command


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        ([], ["run"]),
        (["-e", "unit", "--", "tests/unit", "-x"], ["run", "-e", "unit", "--", "tests/unit", "-x"]),
        (["list"], ["list"]),
    ],
)
def test_what_is_said_to_test_is_said_to_tox_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], passed: list[str]
) -> None:
    (tmp_path / "pipeline.py").touch()
    monkeypatch.chdir(tmp_path)
    became: list[str] = []
    monkeypatch.setattr(process, "replace", became.extend)
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 0, done.output
    assert became[1:3] == ["-m", "tox"]
    assert became[3:] == passed


def test_help_is_of_ecluse_not_of_tox() -> None:
    done = CliRunner().invoke(command, ["--help"], prog_name="ecluse test")
    assert done.exit_code == 0
    assert "everything a person runs before pushing" in done.output
