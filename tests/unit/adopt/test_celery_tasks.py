"""The background tasks of a project."""

from __future__ import annotations

from typing import Any

import pytest

from ecluse.adopt.asking import SettingsReport
from ecluse.adopt.celery_tasks import CeleryTasks, answers, find


def report(**told: Any) -> SettingsReport:
    celery = {"app": "shop.celery:app", "broker": "redis://cache.example", "beat": False, **told}
    return SettingsReport(True, asked={"BROKER_URL": False, "OTHER": True}, celery=celery)


def found(reached: bool, environ: dict[str, str] | None = None, **told: Any) -> CeleryTasks:
    made = find(report(**told), environ or {}, lambda broker: reached)
    assert made is not None
    return made


def test_project_without_celery_has_no_background_tasks() -> None:
    assert find(SettingsReport(True), {}) is None


def test_worker_runs_where_the_broker_is_reached() -> None:
    (tasks,) = found(True).workers
    assert tasks.command[:4] == ("celery", "--app", "shop.celery:app", "worker") and "tasks{slot}@%h" in tasks.command
    assert not tasks.alone


def test_beat_is_alone_and_writes_no_file() -> None:
    _, beat = found(True, beat=True, scheduler="celery.beat:Scheduler").workers
    assert beat.alone and beat.command[3:] == ("beat", "--loglevel", "INFO", "--scheduler", "celery.beat:Scheduler")
    assert found(True, beat=True).workers[1].command[-1] == "INFO", "the project names its own"


@pytest.mark.parametrize(("reached", "told"), [(False, {}), (True, {"always_eager": True})])
def test_site_without_a_broker_has_no_workers(reached: bool, told: dict[str, Any]) -> None:
    assert found(reached, beat=True, **told).workers == ()


def test_variable_with_the_address_of_the_broker_is_found() -> None:
    assert found(True, {"BROKER_URL": "redis://cache.example"}).variable == "BROKER_URL"
    assert found(True, {"BROKER_URL": "redis://another.example"}).variable == ""


def test_folder_is_a_broker_and_memory_is_none() -> None:
    assert answers("filesystem:///srv/tasks")
    assert not answers("memory://") and not answers("")
