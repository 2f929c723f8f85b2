from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ecluse.cli import job_summary
from ecluse.deploy.history import Record
from ecluse.errors import RolloutError
from ecluse.secrets import Secret

RECORD = Record(
    id="1",
    kind="deploy",
    release="new",
    previous="old",
    began=0,
    by="test",
    commit=None,
    steps={"stage": 1.25, "replace": 2.0},
    migrations=(),
    unsafe=(),
    outcome="succeeded",
    serving="new",
    seconds=3.5,
)


def test_job_summary_has_the_failure_and_the_job_still_fails(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    Secret("correct horse")
    with (
        pytest.raises(RolloutError),
        job_summary.reason({"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(file)}, "deploy", "staging"),
    ):
        raise RolloutError("migrate: a <b>lock</b>, correct horse\nrelease old still serves", hint="try again")
    assert file.read_text() == (
        "### ❌ deploy to staging failed\n\n"
        "> migrate: a &lt;b&gt;lock&lt;/b&gt;, [REDACTED]  \n> release old still serves  \n\n"
        "**What to do:** try again\n\n"
    )


def test_job_summary_of_success_has_the_seconds_of_each_step(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    job_summary.succeeded(
        {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(file)}, "deploy", "staging", "new", RECORD
    )
    assert "### ✅ deploy of release new to staging, over old, in 3.5 s" in file.read_text()
    assert "| replace | 2.00 |" in file.read_text()


def test_job_summary_warns_of_what_visitors_lose(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    record = replace(RECORD, lost=("it lacks pages /<feed>/",))
    job_summary.succeeded(
        {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(file)}, "deploy", "staging", "new", record
    )
    assert "\n> ⚠️ unlike release old, it lacks pages /&lt;feed&gt;/\n\n| step |" in file.read_text()


def test_job_summary_without_a_writable_file_is_skipped(tmp_path: Path) -> None:
    job_summary.succeeded({}, "deploy", "staging", "new", None)
    job_summary.succeeded(
        {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path)}, "deploy", "staging", "new", None
    )
