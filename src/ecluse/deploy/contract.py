"""The interface of a target: everything that the rollout, the session and the commands ask of a place where releases
serve.

A target is a package under ``deploy/targets`` with the two functions of :class:`Package`, and one line in the registry
there. It opens as a :class:`Target`, which has four parts:

    operations   what a rollout does there, in the order of ``deploy/rollout.py``
    catalogue    which releases can be rolled out there, by the names that people use
    records      the lock, the journal and the history of the environment
    controls     what people ask between rollouts: processes, logs, a command, a stop, the maintenance page

Every method may be called again with the same arguments, and then changes nothing more. Every method raises an
EcluseError for what it cannot do. ``R`` is the target's own class of releases: what the catalogue finds is what the
operations take.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from ecluse.definition.model import Environment, Pipeline, Watch
from ecluse.deploy.history import Journal, Record
from ecluse.deploy.lock import Holder
from ecluse.deploy.maintenance import Maintenance

__all__ = [
    "Catalogue",
    "Context",
    "Controls",
    "Data",
    "Ledger",
    "Migration",
    "Operations",
    "Package",
    "Preflight",
    "Records",
    "Release",
    "Target",
    "Task",
]


@dataclass(frozen=True)
class Migration:
    """A migration that a database does not have yet. *unsafe* are the reasons why it would break the release that
    serves. *locks* are the tables that it locks, for about how long, and what to do instead; *notes*, what of it is
    not judged; *one_way* are the reasons why it cannot be undone.
    """

    name: str
    sql: str = ""
    unsafe: tuple[str, ...] = ()
    database: str = "default"
    locks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    one_way: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preflight:
    """The findings of a release's checks in its databases: *pending* migrations, and applied migrations *unknown* to
    the release.

    *behind* are the reasons why it could not live with the schema that the unknown ones made; None where that could
    not be told. *how* says, for each database, by what the pending migrations were judged.
    *lost* are sentences: pages and static files that the release which serves has, and this one lacks.
    """

    pending: tuple[Migration, ...] = ()
    unknown: frozenset[str] = frozenset()
    behind: tuple[str, ...] | None = None
    how: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class Release(Protocol):
    """A release that a target can start: code, and the configuration that it runs with."""

    @property
    def id(self) -> str:
        """The name under which history has it, and which the site itself reports while it serves."""

    @property
    def commit(self) -> str | None:
        """The commit that it was made of; None where that is not known."""


R = TypeVar("R", bound=Release)
R_contra = TypeVar("R_contra", bound=Release, contravariant=True)
R_co = TypeVar("R_co", bound=Release, covariant=True)


class Task(Protocol[R_contra]):
    """A part of a release that is replaced by itself: the web processes, a worker, a service of a stack."""

    @property
    def name(self) -> str: ...

    @property
    def visited(self) -> bool:
        """Whether it answers visitors: such a task is brought back first."""

    def part_of(self, release: R_contra) -> bool:
        """Whether *release* has this task. Where it has not, a rollout of it only drains the task."""

    def serving(self) -> Collection[str]:
        """The ids of the releases whose processes take the requests (or the work) of this task now."""

    def start(self, release: R_contra) -> None:
        """Start the task of *release* beside the one that serves. It takes no request yet."""

    def gate(self, release: R_contra) -> None:
        """Return once the started task has been ready several times in a row; raise where it does not get ready in
        time.

        A task that takes requests already is not asked: the gate decides about what starts, not about what serves.
        """

    def switch(self, release: R_contra) -> None:
        """Let the started task take requests."""

    def drain(self, release: R_contra | None) -> None:
        """End the task of every release other than *release*: it takes no more requests, and finishes those it has."""


class Operations(Protocol[R]):
    """The operations of a rollout in an environment; ``deploy/rollout.py`` has their order."""

    def release(self, id: str) -> R:
        """The release *id* (or the only one that begins so) as it is kept here and can be started again. Raises
        ReleaseError where it is not kept.
        """

    def stage(self, release: R) -> None:
        """Bring the release to where it will run, ready to start. What serves is not disturbed."""

    def preflight(self, release: R, previous: str | None) -> Preflight:
        """Run the release's own checks, and ask what its databases lack, judged for the release *previous*, which
        serves. Raises PreflightError where a check fails.
        """

    def look(self, release: R, previous: str | None) -> Preflight | None:
        """The findings that :meth:`preflight` would have, with nothing changed and nothing kept. None where there is no
        database to ask.
        """

    def migrate(self, release: R) -> None:
        """Apply the pending migrations, once, with what Django does after migrating, and run the site's own commands
        that follow.
        """

    def tasks(self, *releases: R) -> Sequence[Task[R]]:
        """The tasks of *releases*, and every other task that may still run, in the order to replace them."""

    def watch(self, release: R, limits: Watch) -> None:
        """Observe the serving release for a time. Raises RolloutError where errors or restarts pass *limits*."""

    def healthy(self, release: R) -> bool:
        """Whether *release* serves completely, is the only one, and answers now."""

    def prune(self, keep: Collection[str]) -> None:
        """Delete what old rollouts have left, but for the releases *keep* and a few more. Called when a rollout has
        ended, however.
        """


class Catalogue(Protocol[R_co]):
    """The releases that can be rolled out."""

    def newest(self) -> R_co:
        """The release to roll out where nobody names one."""

    def find(self, name: str) -> R_co:
        """The release that a person calls *name*. Raises ReleaseError where there is none, or more than one."""


class Ledger(Protocol):
    """The journal and the history of an environment. They survive the process that rolls out."""

    def journal(self) -> Journal | None:
        """The rollout that is under way or was interrupted."""

    def write(self, journal: Journal) -> None:
        """Raises LockHeld where the environment's lock was taken from us."""

    def clear(self) -> None:
        """The rollout has ended: forget the journal."""

    def history(self) -> Sequence[Record]:
        """The rollouts that ended, oldest first."""

    def append(self, record: Record) -> None:
        """Add a rollout that ended."""


class Records(Protocol):
    """The lock and the ledger of an environment."""

    def ledger(self) -> Ledger:
        """The ledger, for reading."""

    def held(self, *, who: str, host: str, what: str, commit: str | None = None) -> AbstractContextManager[Ledger]:
        """Hold the environment's lock; yields the ledger to write to. Raises LockHeld, naming the holder."""

    def holder(self) -> Holder | None:
        """The current holder of the lock."""

    def unlock(self) -> None:
        """Take the lock from whoever holds it."""


@dataclass(frozen=True)
class Data:
    """The data that the serving *release*, of *commit*, works on: the address of its PostgreSQL, and the folder of its
    media. *folder* is the environment's own, for what belongs to neither; in *environ*, PostgreSQL's programs are
    found.
    """

    release: str
    commit: str | None
    database: str
    media: Path
    folder: Path
    environ: Mapping[str, str]


class Controls(Protocol):
    """The controls of an environment that people use between rollouts."""

    @property
    def url(self) -> str:
        """The address that visitors use."""

    def processes(self) -> list[dict[str, object]]:
        """The running processes: release, state, seconds and readiness of each, and whatever else the target knows."""

    def drift(self) -> Sequence[str]:
        """The changes that people made by hand since the rollout: a sentence for each."""

    def logs(self, what: str, lines: int, follow: bool) -> int:
        """Print the last *lines* that *what* printed. Returns an exit code."""

    def exec(self, what: str, command: Sequence[str], *, terminal: bool, variables: Mapping[str, str]) -> int:
        """Run *command* where *what* runs, on our own terminal, with *variables* beside those of the release: no other
        process is to see them. Returns its exit code.
        """

    def stop(self) -> None:
        """End everything that runs. Data and releases stay."""

    def front(self) -> None:
        """Set up the front server of the environment, or change it. Raises TargetError where the target has none."""

    def scale(self, wanted: Mapping[str, int | None]) -> Sequence[str]:
        """Give parts of the serving release the numbers of processes *wanted*, in the rollouts that follow as well;
        None: as many as the release says. Returns a sentence for each part that has a number; with nothing *wanted*
        that is all. Raises TargetError where the target cannot.
        """

    def data(self) -> Data:
        """The data of the release that serves. Raises TargetError where nothing serves, or where its data is not for
        us to read.
        """

    def maintenance(self) -> Maintenance | None:
        """Since when, and by whom, visitors get the maintenance page; None where they get the site."""

    def maintain(self, wanted: Maintenance | None) -> None:
        """Give visitors the maintenance page, or the site again. The health addresses are always the site's own."""


@dataclass(frozen=True)
class Target(Generic[R]):
    """An environment, opened. The module's docstring says what each part is for."""

    operations: Operations[R]
    catalogue: Catalogue[R]
    records: Records
    controls: Controls


@dataclass(frozen=True)
class Context:
    """The arguments that a target is opened with: the environment and its pipeline, the repository's folder *top*, and
    the variables *environ* of the person or job that rolls out. *say* prints a line of progress. *take_over*: also
    where the environment belongs to another repository.
    """

    pipeline: Pipeline
    environment: Environment
    top: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    say: Callable[[str], None] = lambda line: None
    take_over: bool = False


class Package(Protocol):
    """The interface of a target's package."""

    def problems(self, environment: Environment) -> Iterable[tuple[str, str]]:
        """The problems of *environment* on this target: a field's name, and a sentence, for each."""

    def opened(self, context: Context) -> AbstractContextManager[Target[Any]]:
        """The target of an environment, for as long as the context lasts."""
