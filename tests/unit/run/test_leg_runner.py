from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from ecluse.definition.model import Event, Service
from ecluse.definition.plan import Leg, plan
from ecluse.machine import process
from ecluse.machine.git import Tree
from ecluse.run.cache import Cache, Fingerprint
from ecluse.run.inputs import Snapshot
from ecluse.run.leg_runner import LegRunner
from ecluse.run.outcome import Outcome
from ecluse.run.reads import Heard, Judged
from ecluse.services import docker_services
from tests.support.providers.pipelines import job, pipeline


class Remembering:
    """A cache that has nothing, and keeps the names of the legs that it is given."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def facts(self, leg: Leg, plan: object) -> Fingerprint:
        return Fingerprint({}, Snapshot(Tree(frozenset(), {}), covered=set()), 0)

    def find(self, leg: Leg, facts: Fingerprint) -> None: ...

    def explain(self, leg: Leg, facts: Fingerprint) -> tuple[str, ...]:
        return ()

    def judge(self, leg: Leg, facts: Fingerprint, heard: Heard) -> Judged:
        return Judged()

    def store(self, outcome: Outcome, facts: Fingerprint, noted: Mapping[str, str], ended: str) -> str:
        self.kept.append(outcome.leg.name)
        return ""


@pytest.fixture
def cache() -> Remembering:
    return Remembering()


def run(cache: Remembering, top: Path, **service: Any) -> Outcome:
    """The outcome of a job that passes, and that uses a Redis."""
    redis = Service(name="redis", kind="redis", version="8", **service)
    definition = pipeline(job(inputs=("a",), services=("redis",)), services=(redis,))
    planned = plan(definition, Event(kind="pull_request", branch="staging"))
    (top / "logs").mkdir()
    runner = LegRunner(
        plan=planned,
        top=top,
        folder=top,
        environ={},
        began=0.0,
        cancel=threading.Event(),
        output=lambda leg, text: None,
        cache=cast(Cache, cache),
    )
    return runner.run(planned.running[0])


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without an engine, where every program succeeds at once."""
    monkeypatch.setattr(docker_services, "why_not", lambda environ: "no engine answers")
    monkeypatch.setattr(process, "run", lambda argv, **options: process.Completed(tuple(argv), 0, "", 0.0))


def test_success_without_a_service_that_may_come_is_forgotten(cache: Remembering, tmp_path: Path) -> None:
    outcome = run(cache, tmp_path, sources=("given", "container", "absent"))
    assert (outcome.status, outcome.forgotten, cache.kept) == ("passed", "there was no redis", [])


def test_success_without_a_service_that_is_given_is_kept(cache: Remembering, tmp_path: Path) -> None:
    outcome = run(cache, tmp_path, sources=("given", "absent"))
    assert (outcome.status, outcome.forgotten, cache.kept) == ("passed", "", ["lint"])
