"""A target, a ledger and a lock in memory, which can fail at any call: what the state machine is tested on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ecluse.definition.model import Watch
from ecluse.deploy.history import Journal, Record
from ecluse.deploy.rollout import Migration, Preflight
from ecluse.errors import LockHeld, RolloutError

__all__ = ["Killed", "MemoryLedger", "MemoryLock", "MemoryRelease", "MemoryTarget", "MemoryTask"]


class Killed(BaseException):
    """The deployer's end by ``kill -9``: nothing of it runs any more, not even what cleans up."""


def nothing(call: str) -> None:
    """The default hook around a call: it does nothing."""


@dataclass(frozen=True)
class MemoryRelease:
    """A release that is a name and nothing else."""

    id: str
    commit: str | None = None


class MemoryTarget:
    """Fits :class:`ecluse.deploy.contract.Operations`.

    Tasks that run and take requests, or not, and a database. *before* is called before each operation, with its
    name, and may raise; *after* once it has had its effect, as where only the answer is lost. *asked* is called before
    a question about what serves.

    *brings* has the migrations of a release: those that the database lacks are pending. Without, *found* is.
    """

    def __init__(self, tasks: Sequence[str] = ("web",), brings: Mapping[str, Sequence[str]] | None = None) -> None:
        self.before: Callable[[str], None] = nothing
        self.after: Callable[[str], None] = nothing
        self.asked: Callable[[str], None] = nothing
        self.running: dict[str, set[str]] = {task: set() for task in tasks}
        self.open: dict[str, set[str]] = {task: set() for task in tasks}
        self.staged: list[str] = []
        self.brings = brings
        self.applied: list[str] = []
        self.migrated: list[str] = []
        self.found = Preflight()
        self.sick: set[str] = set()
        """Releases whose processes take requests, but not well."""
        self.broken: set[str] = set()
        """Releases that never get ready."""
        self.outages: list[str] = []
        self.operations: list[str] = []

    def serve(self, release: str) -> None:
        """Let *release* serve, as if it had been rolled out."""
        for task in self.running:
            self.running[task] = {release}
            self.open[task] = {release}

    def mend(self) -> None:
        """Every release is as good as another."""
        self.broken.clear()
        self.sick.clear()

    @contextmanager
    def _doing(self, operation: str) -> Iterator[None]:
        self.operations.append(operation)
        self.before(operation)
        yield
        self.after(operation)

    def release(self, id: str) -> MemoryRelease:
        return MemoryRelease(id)

    def stage(self, release: MemoryRelease) -> None:
        with self._doing("stage"):
            self.staged = [*(one for one in self.staged if one != release.id), release.id]

    def preflight(self, release: MemoryRelease, previous: str | None) -> Preflight:
        with self._doing("preflight"):
            return self.look(release, previous)

    def look(self, release: MemoryRelease, previous: str | None) -> Preflight:
        if self.brings is None:
            return self.found
        known = self.brings[release.id]
        pending = tuple(Migration(name) for name in known if name not in self.applied)
        return Preflight(pending, frozenset(self.applied) - frozenset(known))

    def migrate(self, release: MemoryRelease) -> None:
        with self._doing("migrate"):
            self.migrated.append(release.id)
            for name in (self.brings or {}).get(release.id, ()):
                if name not in self.applied:
                    self.applied.append(name)
                    self.after("migrate")  # each is a transaction of its own

    def tasks(self, *releases: MemoryRelease) -> Sequence[MemoryTask]:
        return [MemoryTask(self, name) for name in self.running]

    def watch(self, release: MemoryRelease, limits: Watch) -> None:
        with self._doing("watch"):
            if release.id in self.sick:
                raise RolloutError(f"release {release.id} did not do well after the switch")

    def healthy(self, release: MemoryRelease) -> bool:
        return release.id not in self.sick and all(
            one == {release.id} for one in (*self.running.values(), *self.open.values())
        )

    def prune(self, keep: Collection[str]) -> None:
        with self._doing("prune"):
            others = [release for release in self.staged if release not in keep]
            self.staged = [release for release in self.staged if release in keep or release in others[-2:]]


class MemoryTask:
    """A task of *target*. Fits :class:`ecluse.deploy.contract.Task`."""

    def __init__(self, target: MemoryTarget, name: str) -> None:
        self._target, self.name, self.visited = target, name, name == "web"

    def part_of(self, release: MemoryRelease) -> bool:
        return True

    def serving(self) -> Collection[str]:
        self._target.asked("serving")
        return set(self._target.open[self.name])

    def start(self, release: MemoryRelease) -> None:
        target = self._target
        with target._doing("start"):
            assert target.brings is None or release.id in target.staged, "started what is not there"
            target.running[self.name].add(release.id)

    def gate(self, release: MemoryRelease) -> None:
        target = self._target
        with target._doing("gate"):
            if release.id in target.broken and release.id not in target.open[self.name]:
                raise RolloutError(f"release {release.id} did not get ready")

    def switch(self, release: MemoryRelease) -> None:
        target = self._target
        with target._doing("switch"):
            assert release.id in target.running[self.name], "switched to what does not run"
            target.open[self.name].add(release.id)

    def drain(self, release: MemoryRelease | None) -> None:
        target, left = self._target, set() if release is None else {release.id}
        with target._doing("drain"):
            served = bool(target.open[self.name])
            target.running[self.name] &= left
            target.open[self.name] &= left
            if served and not target.open[self.name] and release is not None:
                target.outages.append(f"{self.name}: what served was drained for {release.id}, which does not")


class MemoryLock:
    """The lock of the environment. Who was killed holds it no more, as the kernel sees to."""

    def __init__(self) -> None:
        self.holder: object | None = None

    @contextmanager
    def held(self, *, force: bool = False) -> Iterator[Callable[[], None]]:
        """Hold it; yields what asks whether it is still ours. *force*: as after ``ecluse unlock --force``."""
        me = object()
        if self.holder is not None and not force:
            raise LockHeld("another rollout is under way")
        self.holder = me

        def ours() -> None:
            if self.holder is not me:
                raise LockHeld("the lock was removed")

        try:
            yield ours
        finally:
            if self.holder is me:
                self.holder = None


class MemoryLedger:
    """Journal and history, which outlive the deployer. *ours* is asked before the journal is written."""

    def __init__(self) -> None:
        self._journal: Journal | None = None
        self._history: list[Record] = []
        self.steps: list[str] = []
        self.before: Callable[[str], None] = nothing
        self.after: Callable[[str], None] = nothing
        self.ours: Callable[[], None] = lambda: None

    def journal(self) -> Journal | None:
        return self._journal

    def write(self, journal: Journal) -> None:
        self.before("write")
        self.ours()
        self.steps.append(journal.step)
        self._journal = journal
        self.after("write")

    def clear(self) -> None:
        self.before("clear")
        self._journal = None
        self.after("clear")

    def history(self) -> Sequence[Record]:
        return list(self._history)

    def append(self, record: Record) -> None:
        self.before("append")
        self._history.append(record)
        self.after("append")
