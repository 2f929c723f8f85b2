"""The harness that plays Travis follows Travis's shell rules: else its verdicts would prove nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecluse.definition.model import Event
from ecluse.machine import process
from tests.support.providers.travis_build import script_of, selected

PUSH = Event(kind="push", branch="staging")


def run(folder: Path, config: dict[str, Any] | None = None, **job: Any) -> process.Completed:
    script = script_of(config or {}, {"name": "it", **job}, PUSH, str(folder))
    return process.run(["bash", "-s"], input=script, check=False)


@pytest.mark.parametrize("phase", ["before_install", "install", "before_script"])
def test_failed_line_before_the_script_ends_the_job_as_errored(phase: str, tmp_path: Path) -> None:
    done = run(tmp_path, **{phase: ["false", "echo after"], "script": "echo script"})
    assert done.returncode == 2
    assert "after" not in done.output.splitlines() and "script" not in done.output.splitlines()


def test_failed_script_line_does_not_stop_the_script(tmp_path: Path) -> None:
    done = run(tmp_path, script=["false", "echo after"])
    assert done.returncode == 1 and "after" in done.output.splitlines()


def test_after_phases_do_not_change_the_result(tmp_path: Path) -> None:
    config = {"after_success": "echo won; false", "after_failure": "echo lost", "after_script": "false"}
    done = run(tmp_path, config, script="true")
    assert done.returncode == 0
    assert "won" in done.output.splitlines() and "lost" not in done.output.splitlines()


def test_an_exported_variable_lasts_and_bash_reads_its_value(tmp_path: Path) -> None:
    config = {"env": {"global": ["WORD='$HOME is quoted'", "COUNT=$((1 + 1))"]}}
    done = run(tmp_path, config, install="export OWN=1", script='echo "$WORD/$COUNT/$OWN/$TRAVIS_BRANCH"')
    assert "$HOME is quoted/2/1/staging" in done.output.splitlines()


def test_the_jobs_of_a_build_are_in_the_order_of_their_stages() -> None:
    jobs = [
        {"name": "b", "stage": "two"},
        {"name": "a", "stage": "one"},
        {"name": "c", "stage": "one", "if": "tag = x"},
    ]
    config = {"stages": ["one", "two"], "jobs": {"include": jobs}}
    assert [job["name"] for job in selected(config, PUSH)] == ["a", "b"]
    assert selected({**config, "if": "branch = main"}, PUSH) == []
