"""A target and a ledger in memory, which can fail at any operation: what the state machine is tested on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ecluse.deploy.history import Journal, Record
from ecluse.deploy.rollout import Preflight

__all__ = ["Killed", "MemoryLedger", "MemoryTarget"]


class Killed(BaseException):
    """The deployer's end by ``kill -9``: nothing of it runs any more, not even what cleans up."""


class MemoryTarget:
    """Tasks that run and take requests, or not. *before* is called before each operation, with its name, and may
    raise.
    """

    def __init__(self, tasks: Sequence[str] = ("web",)) -> None:
        self.before: Callable[[str], None] = lambda operation: None
        self.running: dict[str, set[str]] = {task: set() for task in tasks}
        self.open: dict[str, set[str]] = {task: set() for task in tasks}
        self.staged: set[str] = set()
        self.migrated: list[str] = []
        self.found = Preflight()
        self.well = True
        self.ready = True
        self.outages: list[str] = []
        self.operations: list[str] = []

    def serve(self, release: str) -> None:
        """As if *release* had been rolled out."""
        for task in self.running:
            self.running[task] = {release}
            self.open[task] = {release}

    def _do(self, operation: str) -> None:
        self.operations.append(operation)
        self.before(operation)

    def stage(self, release: str) -> None:
        self._do("stage")
        self.staged.add(release)

    def preflight(self, release: str) -> Preflight:
        self._do("preflight")
        return self.found

    def migrate(self, release: str) -> None:
        self._do("migrate")
        self.migrated.append(release)

    def tasks(self) -> Sequence[str]:
        return tuple(self.running)

    def serving(self, task: str) -> Collection[str]:
        return self.open[task]

    def start(self, task: str, release: str) -> None:
        self._do("start")
        self.running[task].add(release)

    def gate(self, task: str, release: str) -> None:
        self._do("gate")

    def switch(self, task: str, release: str) -> None:
        self._do("switch")
        assert release in self.running[task], "switched to what does not run"
        self.open[task].add(release)

    def drain(self, task: str, release: str | None) -> None:
        self._do("drain")
        for other in self.running[task] - {release}:
            served = bool(self.open[task])
            self.running[task].discard(other)
            self.open[task].discard(other)
            if served and not self.open[task] and release is not None:
                self.outages.append(f"{task}: {other} was drained and nothing serves")

    def watch(self, release: str, seconds: float) -> None:
        self._do("watch")

    def healthy(self, release: str) -> bool:
        return self.well and all(serving == {release} for serving in self.open.values())

    def prune(self, keep: Collection[str]) -> None:
        self._do("prune")
        self.staged &= set(keep)


class MemoryLedger:
    """Journal and history, which outlive the deployer."""

    def __init__(self) -> None:
        self._journal: Journal | None = None
        self._history: list[Record] = []
        self.steps: list[str] = []
        self.before: Callable[[str], None] = lambda operation: None

    def journal(self) -> Journal | None:
        return self._journal

    def write(self, journal: Journal) -> None:
        self.before("write")
        self.steps.append(journal.step)
        self._journal = journal

    def clear(self) -> None:
        self.before("clear")
        self._journal = None

    def history(self) -> Sequence[Record]:
        return list(self._history)

    def append(self, record: Record) -> None:
        self.before("append")
        self._history.append(record)
