"""Legs in parallel, as far as needs and shared things allow."""

from __future__ import annotations

import math
import queue
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from ecluse.definition.model import Step
from ecluse.definition.plan import Leg, Plan
from ecluse.run.outcome import Outcome

__all__ = ["Listener", "Scheduler", "shared_things"]

# Seconds after which a listener hears that legs still run: Travis ends a job that prints nothing for ten minutes.
_TICK = 60.0
# Seconds of one wait: Python hears of a signal that came in the instant before a wait only at its end.
_SLICE = 0.5


class Listener(Protocol):
    """Hears what becomes of legs. Called from one thread, but for :meth:`output`."""

    def started(self, leg: Leg) -> None: ...

    def output(self, leg: Leg, text: str) -> None: ...

    def ended(self, outcome: Outcome) -> None: ...

    def still_running(self, legs: Collection[Leg]) -> None: ...


class Scheduler:
    """Runs the legs of *plan* that run, each by *work* in a thread, at most *workers* at once.

    A leg whose need has failed is skipped; with *fail_fast*, the first failure ends everything. *cancel* is set to end
    what runs. Of the legs that can start, the one that took longest before goes first (*seconds*, by name; unknown is
    longest): begun last, it would keep everything waiting. :meth:`run` returns an outcome for every leg of the plan and
    never raises KeyboardInterrupt: :attr:`interrupted` says that there was one.
    """

    def __init__(
        self,
        plan: Plan,
        work: Callable[[Leg], Outcome],
        *,
        workers: int,
        cancel: threading.Event,
        listener: Listener,
        fail_fast: bool = False,
        seconds: Mapping[str, float] | None = None,
    ) -> None:
        self.interrupted = False
        self._plan = plan
        self._work = work
        self._workers = workers
        self._cancel = cancel
        self._listener = listener
        self._fail_fast = fail_fast
        self._seconds = seconds or {}
        self._outcomes: dict[str, Outcome] = {}
        self._active: dict[str, Leg] = {}
        self._done: queue.SimpleQueue[Outcome | Exception | None] = queue.SimpleQueue()

    def run(self) -> dict[str, Outcome]:
        for leg in self._plan.legs:
            if not leg.runs:
                self._outcomes[leg.name] = Outcome(leg=leg, status="skipped", reason=leg.reason)
        waiting = sorted(self._plan.running, key=lambda leg: -self._seconds.get(leg.name, math.inf))
        with self._interruptible():
            while waiting or self._active:
                self._start(waiting)
                if self._active:
                    self._wait()
        return {leg.name: self._outcomes[leg.name] for leg in self._plan.legs}

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Hear of SIGINT and SIGTERM by the queue: an exception at any instruction would lose track of what runs."""
        if threading.current_thread() is not threading.main_thread():
            yield  # signals are the main thread's
            return

        def heard(signum: int, frame: FrameType | None) -> None:
            self._done.put(None)  # the only queue whose put may interrupt another one

        before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self, waiting: list[Leg]) -> None:
        """Start, or skip, every waiting leg that can be."""
        for leg in list(waiting):
            reason = self._blocked(leg)
            if reason is not None:
                waiting.remove(leg)
                self._end(Outcome(leg=leg, status="skipped", reason=reason))
            elif len(self._active) < self._workers and self._free(leg):
                waiting.remove(leg)
                self._active[leg.name] = leg
                threading.Thread(target=self._run, args=(leg,), name=leg.name).start()
                self._listener.started(leg)

    def _blocked(self, leg: Leg) -> str | None:
        """Why *leg* will never run, if that is known already."""
        if self.interrupted:
            return "interrupted"
        if self._cancel.is_set():
            return "another job failed (--fail-fast)"
        bad = [need for need in self._needed(leg) if need in self._outcomes and not self._outcomes[need].ok]
        if bad:
            return f"needs {bad[0]}, which {_ENDINGS[self._outcomes[bad[0]].status]}"
        return None

    def _free(self, leg: Leg) -> bool:
        taken = {thing for other in self._active.values() for thing in shared_things(other)}
        return all(need in self._outcomes for need in self._needed(leg)) and not taken & shared_things(leg)

    def _needed(self, leg: Leg) -> list[str]:
        return [other.name for other in self._plan.running if other.job.name in leg.job.needs]

    def _run(self, leg: Leg) -> None:
        try:
            self._done.put(self._work(leg))
        except Exception as error:  # a bug: shown as one by the main thread
            self._done.put(error)

    def _wait(self) -> None:
        began = time.monotonic()
        while True:
            try:
                outcome = self._done.get(timeout=_SLICE)
                break
            except queue.Empty:
                if time.monotonic() - began >= _TICK:
                    self._listener.still_running(list(self._active.values()))
                    return
        if outcome is None:
            self.interrupted = True
            self._cancel.set()
            return
        if isinstance(outcome, Exception):
            self._cancel.set()
            raise outcome
        self._active.pop(outcome.leg.name, None)
        self._end(outcome)
        if self._fail_fast and outcome.status == "failed":
            self._cancel.set()

    def _end(self, outcome: Outcome) -> None:
        self._outcomes[outcome.leg.name] = outcome
        self._listener.ended(outcome)


_ENDINGS = {"failed": "failed", "cancelled": "was stopped", "skipped": "did not run"}


def shared_things(leg: Leg) -> frozenset[str]:
    """The things that only one leg may use at a time: its environment and its tox environments, whose folder each
    writes.
    """
    environment = [f"environment {leg.job.environment}"] if leg.job.environment else []
    return frozenset((*environment, *(f"tox {name}" for step in leg.steps() for name in _tox_environments(step))))


def _tox_environments(step: Step) -> list[str]:
    if not step.run or step.run[0].rpartition("/")[2] != "tox" or "-e" not in step.run[:-1]:
        return []
    return step.run[step.run.index("-e") + 1].split(",")
