from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Collection

import pytest

from ecluse.definition.model import Event, Pipeline
from ecluse.definition.plan import Leg, plan
from ecluse.definition.words import command, ship, tox
from ecluse.run.outcome import Outcome, Status
from ecluse.run.scheduler import Scheduler, shared_things
from tests.support.providers.pipelines import job, pipeline

PULL_REQUEST = Event(kind="pull_request", branch="staging")


class Heard:
    def __init__(self) -> None:
        self.starts: list[str] = []

    def started(self, leg: Leg) -> None:
        self.starts.append(leg.name)

    def output(self, leg: Leg, text: str) -> None: ...

    def ended(self, outcome: Outcome) -> None: ...

    def still_running(self, legs: Collection[Leg]) -> None: ...


def run(
    found: Pipeline,
    work: Callable[[Leg], Status],
    *,
    workers: int = 4,
    fail_fast: bool = False,
    cancel: threading.Event | None = None,
) -> tuple[dict[str, Outcome], list[str], bool]:
    heard = Heard()
    scheduler = Scheduler(
        plan(found, PULL_REQUEST),
        lambda leg: Outcome(leg=leg, status=work(leg), attempts=1),
        workers=workers,
        cancel=cancel or threading.Event(),
        listener=heard,
        fail_fast=fail_fast,
    )
    outcomes = scheduler.run()
    return outcomes, heard.starts, scheduler.interrupted


def statuses(outcomes: dict[str, Outcome]) -> dict[str, Status]:
    return {name: outcome.status for name, outcome in outcomes.items()}


def test_independent_legs_run_at_the_same_time() -> None:
    together = threading.Barrier(3)

    def meet(leg: Leg) -> Status:
        together.wait(5)
        return "passed"

    outcomes, _, _ = run(pipeline(job("a"), job("b"), job("c")), meet, workers=3)
    assert set(statuses(outcomes).values()) == {"passed"}


@pytest.mark.parametrize("workers", [1, 2])
def test_no_more_legs_run_at_once_than_workers(workers: int) -> None:
    lock, running, most = threading.Lock(), 0, 0

    def count(leg: Leg) -> Status:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        with lock:
            running -= 1
        return "passed"

    run(pipeline(*(job(f"j{index}") for index in range(20))), count, workers=workers)
    assert 1 <= most <= workers


def test_a_leg_starts_after_every_leg_of_what_it_needs() -> None:
    found = pipeline(
        job("gate", needs=("tests",)),
        job("tests", matrix={"python": ("3.12", "3.13")}),
    )
    _, starts, _ = run(found, lambda leg: "passed")
    assert starts == ["tests (3.12)", "tests (3.13)", "gate"]


def test_failed_leg_skips_its_dependents_and_the_rest_goes_on() -> None:
    found = pipeline(job("lint"), job("unit"), job("gate", needs=("lint", "unit")), job("deploy", needs=("gate",)))
    outcomes, starts, _ = run(found, lambda leg: "failed" if leg.name == "lint" else "passed", workers=1)
    assert statuses(outcomes) == {"lint": "failed", "unit": "passed", "gate": "skipped", "deploy": "skipped"}
    assert outcomes["gate"].reason == "needs lint, which failed"
    assert outcomes["deploy"].reason == "needs gate, which did not run"
    assert starts == ["lint", "unit"]


def test_fail_fast_ends_what_runs_and_starts_nothing_more() -> None:
    cancel = threading.Event()

    def work(leg: Leg) -> Status:
        if leg.name == "bad":
            return "failed"
        assert cancel.wait(5), "the other leg was not told to end"
        return "cancelled"

    found = pipeline(job("bad"), job("long"), job("later"))
    outcomes, starts, _ = run(found, work, workers=2, fail_fast=True, cancel=cancel)
    assert statuses(outcomes) == {"bad": "failed", "long": "cancelled", "later": "skipped"}
    assert outcomes["later"].reason == "another job failed (--fail-fast)"
    assert starts == ["bad", "long"]


def test_legs_of_one_tox_environment_do_not_run_at_once() -> None:
    running: set[str] = set()

    def alone(leg: Leg) -> Status:
        running.add(leg.name)
        assert len(running) == 1
        running.discard(leg.name)
        return "passed"

    found = pipeline(*(job(f"j{index}", steps=(tox("unit", str(index)),)) for index in range(8)))
    outcomes, _, _ = run(found, alone)
    assert set(statuses(outcomes).values()) == {"passed"}


def test_leg_locks_its_environment_and_its_tox_environments() -> None:
    steps = (tox("py{python.digits}"), command("tox", "run", "-e", "lint,unit"), command("echo", "-e", "x"))
    leg = Leg(job=job("a", steps=steps, environment="local"), values={"python": "3.13"})
    assert shared_things(leg) == {"environment local", "tox py313", "tox lint", "tox unit"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_cancels_running_legs_and_skips_the_others(number: int) -> None:
    cancel = threading.Event()
    before = signal.getsignal(number)

    def work(leg: Leg) -> Status:
        for _ in range(2):  # the person is impatient
            os.kill(os.getpid(), number)
        assert cancel.wait(5), "the leg was not told to end"
        return "cancelled"

    outcomes, _, was_interrupted = run(pipeline(job("a"), job("b", needs=("a",))), work, cancel=cancel)
    assert was_interrupted
    assert statuses(outcomes) == {"a": "cancelled", "b": "skipped"}
    assert outcomes["b"].reason == "interrupted"
    assert signal.getsignal(number) is before


def test_a_bug_in_the_work_is_raised_not_hidden() -> None:
    def work(leg: Leg) -> Status:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(pipeline(job("a")), work)


def test_leg_not_planned_keeps_its_reason() -> None:
    outcomes, _, _ = run(pipeline(job("a"), job("b", when=ship())), lambda leg: "passed")
    assert (outcomes["b"].status, outcomes["b"].reason) == ("skipped", "only on ship")


def test_longest_leg_starts_first_and_unknown_legs_before_it() -> None:
    heard = Heard()
    found = pipeline(job("short"), job("long"), job("new"), job("gate", needs=("short",)))
    scheduler = Scheduler(
        plan(found, PULL_REQUEST),
        lambda leg: Outcome(leg=leg, status="passed"),
        workers=1,
        cancel=threading.Event(),
        listener=heard,
        seconds={"short": 1, "long": 60, "gate": 90},
    )
    scheduler.run()
    assert heard.starts == ["new", "long", "short", "gate"]
