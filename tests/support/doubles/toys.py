"""A target in memory, as somebody would add one: a module with the two functions of a package, and a line in the
registry.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ecluse.definition.model import Environment
from ecluse.deploy.contract import Context, Data, Ledger, Target
from ecluse.deploy.lock import Holder
from ecluse.deploy.maintenance import Maintenance
from ecluse.deploy.targets import TARGETS
from ecluse.errors import LockHeld, ReleaseError, TargetError
from tests.support.doubles.rollouts import MemoryLedger, MemoryRelease, MemoryTarget

__all__ = ["ToyTarget", "opened", "problems", "registered"]

_NOWHERE = Path("nowhere")


class ToyTarget(MemoryTarget):
    """All four parts of a target. *packaged* are the releases that can be rolled out, the newest last; *asked_for* has
    what the commands asked for; *folder* is the environment's own.
    """

    url = "http://127.0.0.1:8001"

    def __init__(self) -> None:
        super().__init__()
        self.memory = MemoryLedger()
        self.held_by: Holder | None = None
        self.packaged = ["one", "two"]
        self.asked_for: list[Any] = []
        self.lock_removed = False
        self.closed: Maintenance | None = None
        self.drifted: list[str] = []
        self.folder = _NOWHERE

    # The catalogue

    def newest(self) -> MemoryRelease:
        return self._release(self.packaged[-1])

    def find(self, name: str) -> MemoryRelease:
        return self.release(name)

    def release(self, id: str) -> MemoryRelease:
        if id not in self.packaged:
            raise ReleaseError(f"no release {id!r}")
        return self._release(id)

    def _release(self, id: str) -> MemoryRelease:
        return MemoryRelease(id, f"commit-of-{id}")

    # The records

    def ledger(self) -> Ledger:
        return self.memory

    @contextlib.contextmanager
    def held(self, *, who: str, host: str, what: str, commit: str | None = None) -> Iterator[Ledger]:
        if self.held_by:
            raise LockHeld(f"a rollout is under way: {self.held_by}", hint="wait")
        self.asked_for.append((what, commit))
        yield self.memory

    def holder(self) -> Holder | None:
        return self.held_by

    def unlock(self) -> None:
        self.held_by = None
        self.lock_removed = True

    # The controls

    def data(self) -> Data:
        if self.folder == _NOWHERE:
            raise TargetError("a toy has no data")
        return Data("one", None, "postgres://toy", self.folder / "media", self.folder, {})

    def maintenance(self) -> Maintenance | None:
        return self.closed

    def maintain(self, wanted: Maintenance | None) -> None:
        self.closed = wanted

    def processes(self) -> list[dict[str, object]]:
        return [
            {"release": release, "state": "running", "ready": True, "pid": 41, "seconds": 5}
            for release in sorted(self.open["web"])
        ]

    def drift(self) -> Sequence[str]:
        return self.drifted

    def logs(self, what: str, lines: int, follow: bool) -> int:
        self.asked_for.append(("logs", what, lines, follow))
        return 3

    def exec(self, what: str, command: Sequence[str], *, terminal: bool, variables: Mapping[str, str]) -> int:
        self.asked_for.append(("exec", what, tuple(command), terminal, dict(variables)))
        return 4

    def stop(self) -> None:
        self.open["web"].clear()
        self.running["web"].clear()

    def scale(self, wanted: Mapping[str, int | None]) -> Sequence[str]:
        self.asked_for.append(("scale", dict(wanted)))
        return [f"web has {wanted.get('web') or 2}"]

    def front(self) -> None:
        raise TargetError("a toy has no front server")


_toy = ToyTarget()


def problems(environment: Environment) -> Iterator[tuple[str, str]]:
    """A toy has no workers."""
    if environment.workers:
        yield "workers", "a toy has none"


@contextlib.contextmanager
def opened(context: Context) -> Iterator[Target[MemoryRelease]]:
    """The toy that was registered last."""
    yield Target(_toy, _toy, _toy, _toy)


def registered(monkeypatch: pytest.MonkeyPatch) -> ToyTarget:
    """A new toy, which the registry knows as ``toy`` from now on."""
    global _toy
    _toy = ToyTarget()
    monkeypatch.setitem(TARGETS, "toy", __name__)
    return _toy
