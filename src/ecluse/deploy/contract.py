"""What a rollout needs of the place that a release goes to, and of what is kept beside it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from ecluse.deploy.history import Journal, Record

__all__ = ["Ledger", "Migration", "Preflight", "Target"]


@dataclass(frozen=True)
class Migration:
    """A migration that the database does not have yet. *unsafe*: why the release that serves cannot live with it."""

    name: str
    sql: str = ""
    unsafe: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preflight:
    """What a release found in the database: *pending* migrations, and applied ones, *unknown* to it.

    *commands*: migrating is wanted in any case, for the site's own commands that go with it.
    """

    pending: tuple[Migration, ...] = ()
    unknown: frozenset[str] = frozenset()
    commands: bool = False


class Target(Protocol):
    """A place that a release serves in. Every operation may be done again, and then changes nothing.

    All raise an EcluseError for what they cannot do.
    """

    def stage(self, release: str) -> None:
        """Bring the release there, ready to start. What serves does not notice."""

    def preflight(self, release: str) -> Preflight:
        """Run the release's own checks and ask what its database lacks. Raises PreflightError where a check fails."""

    def look(self, release: str) -> Preflight | None:
        """The same, with nothing changed: not what serves, no database, not what is kept about them. None where the
        database is not there to be asked.
        """

    def migrate(self, release: str) -> None:
        """Apply the pending migrations, once."""

    def tasks(self) -> Sequence[str]:
        """What is replaced, in the order to replace it in."""

    def serving(self, task: str) -> Collection[str]:
        """The releases that take the task's requests now."""

    def start(self, task: str, release: str) -> None:
        """Start the release's task beside the one that serves. It takes no request yet."""

    def gate(self, task: str, release: str) -> None:
        """Return once the started task is ready, several times in a row; raise where it is not in time. Returns at once
        where it takes requests already: what serves is not given up for what the gate would say of it now.
        """

    def switch(self, task: str, release: str) -> None:
        """Let the started task take requests."""

    def drain(self, task: str, release: str | None) -> None:
        """End every task that is not *release*: it takes no more requests, and finishes those it has."""

    def watch(self, release: str, seconds: float) -> None:
        """Look at what serves for *seconds*; raise when errors or restarts pass a limit."""

    def healthy(self, release: str) -> bool:
        """Whether *release*, whole and alone, answers now."""

    def prune(self, keep: Collection[str]) -> None:
        """Delete staged releases other than these, but for a few."""


class Ledger(Protocol):
    """What is kept beside the target, and survives the deployer."""

    def journal(self) -> Journal | None: ...

    def write(self, journal: Journal) -> None:
        """Raises LockHeld where the environment's lock is not ours any more."""

    def clear(self) -> None: ...

    def history(self) -> Sequence[Record]: ...

    def append(self, record: Record) -> None: ...
