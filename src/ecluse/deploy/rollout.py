"""The rollout as a state machine. It knows the order of things, and of no target how they are done.

    lock → stage → preflight → migrate → replace (start beside, gate, switch, drain; task by task) → watch → record →
    prune → unlock

What serves is asked of the target, never concluded from what was done. Each step is written to the journal before it is
begun, and every operation of a target can be done again: so a rollout that was interrupted, at whatever point, is
finished or undone by bringing one of its two releases into service (:func:`_bring`), and by nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from ecluse.deploy.history import Journal, Kind, Outcome, Record, Step
from ecluse.errors import CommandError, EcluseError, Interrupted, LockHeld, PreflightError, RolloutError

__all__ = ["Clock", "Ledger", "Migration", "Preflight", "Request", "Target", "recover", "roll_out"]

Clock = Callable[[], float]


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

    def migrate(self, release: str) -> None:
        """Apply the pending migrations, once."""

    def tasks(self) -> Sequence[str]:
        """What is replaced, in the order to replace it in."""

    def serving(self, task: str) -> Collection[str]:
        """The releases that take the task's requests now."""

    def start(self, task: str, release: str) -> None:
        """Start the release's task beside the one that serves. It takes no request yet."""

    def gate(self, task: str, release: str) -> None:
        """Return once the started task is ready, several times in a row; raise where it is not in time."""

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

    def write(self, journal: Journal) -> None: ...

    def clear(self) -> None: ...

    def history(self) -> Sequence[Record]: ...

    def append(self, record: Record) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to roll out. *allowed* are migrations, as ``app.0007``, that may go where the release before cannot
    follow.
    """

    release: str
    kind: Kind = "deploy"
    by: str
    commit: str | None = None
    watch: float = 10
    allowed: tuple[str, ...] = ()


@dataclass
class Progress:
    """Hears what happens: :meth:`step` when one begins, :meth:`done` with its seconds."""

    step: Callable[[str], None] = field(default=lambda step: None)
    done: Callable[[str, float], None] = field(default=lambda step, seconds: None)


def roll_out(
    target: Target,
    ledger: Ledger,
    request: Request,
    *,
    progress: Progress | None = None,
    clock: Clock = time.monotonic,
    wall: Clock = time.time,
) -> Record | None:
    """Bring a release into service, or leave things as they were. Returns its record; None where it serves well
    already.

    The caller holds the environment's lock and has called :func:`recover`. Raises what stopped it, saying what serves
    now: the error itself where what serves had not been touched, RolloutError where it was undone or undoing failed.
    """
    began = clock()
    previous = _current(target, ledger)
    if previous == request.release and target.healthy(request.release):
        return None
    journal = Journal(
        id=f"{int(wall() * 1000):x}",
        kind=request.kind,
        release=request.release,
        previous=previous,
        began=round(wall(), 3),
        by=request.by,
        commit=request.commit,
    )
    run = _Run(target, ledger, journal, progress or Progress(), clock, began)
    try:
        run.prepare(request)
        run.replace(request.watch)
    except LockHeld:
        raise  # somebody has taken over, and the journal tells them what to finish or undo
    except (EcluseError, OSError, KeyboardInterrupt) as error:
        raise run.fail(error) from error
    return run.succeed()


def recover(
    target: Target,
    ledger: Ledger,
    *,
    progress: Progress | None = None,
    clock: Clock = time.monotonic,
    wall: Clock = time.time,
) -> Record | None:
    """Finish or undo what an interrupted rollout left. Returns its record; None where there was nothing to do.

    Finished where the new release had taken over everywhere, undone where it had not. Raises RolloutError where
    neither works.
    """
    journal = ledger.journal()
    if journal is None:
        return None
    # Counted from its beginning: the time in between is part of how long things stood half done.
    began = clock() - max(0.0, wall() - journal.began)
    run = _Run(target, ledger, journal, progress or Progress(), clock, began, resumed=True)
    if journal.step in ("stage", "preflight", "migrate"):
        return run.end("failed", serving=journal.previous, reason=f"interrupted during {journal.step}")
    if journal.switched and journal.step != "undo":
        try:
            with run.step("replace"):
                _bring(target, journal.release)
            return run.succeed()
        except (EcluseError, OSError) as error:
            raise run.fail(error) from error
    reason = f"interrupted during {journal.step}"
    run.undo(reason)
    return run.end("undone", serving=journal.previous, reason=reason)


class _Run:
    """One rollout on its way: the journal that is written before each step, and how it can end."""

    def __init__(
        self,
        target: Target,
        ledger: Ledger,
        journal: Journal,
        progress: Progress,
        clock: Clock,
        began: float,
        *,
        resumed: bool = False,
    ) -> None:
        self.target, self.ledger, self.journal, self.progress = target, ledger, journal, progress
        self.clock, self.began, self.resumed = clock, began, resumed

    def prepare(self, request: Request) -> None:
        """Everything that the release which serves does not notice."""
        release, target = self.journal.release, self.target
        with self.step("stage"):
            target.stage(release)
        with self.step("preflight"):
            found = target.preflight(release)
            self._judge(found, request.allowed)
        if found.pending or found.commands:
            names = tuple(migration.name for migration in found.pending)
            unsafe = tuple(migration.name for migration in found.pending if migration.unsafe)
            with self.step("migrate", migrations=names, unsafe=unsafe):
                target.migrate(release)

    def _judge(self, found: Preflight, allowed: Sequence[str]) -> None:
        # Where nothing serves, nothing can be broken.
        if self.journal.previous is not None:
            refused = [one for one in found.pending if one.unsafe and not _allowed(one.name, allowed)]
            if refused:
                reasons = [f"  {one.name}: {reason}" for one in refused for reason in one.unsafe]
                flags = " ".join(f"--allow-migration {_short(one.name)}" for one in refused)
                raise PreflightError(
                    "\n".join([f"release {self.journal.previous} cannot live with what this one migrates:", *reasons]),
                    hint=f"do it in two rollouts (first stop using it, then remove it), or accept errors: {flags}",
                )
        behind = found.unknown & {name for record in self.ledger.history() for name in record.unsafe}
        if behind:
            raise PreflightError(
                f"the database has moved past release {self.journal.release}: {', '.join(sorted(behind))}",
                hint="roll a newer release out; migrations are not undone by a rollout",
            )

    def replace(self, watch: float) -> None:
        """The release into service."""
        with self.step("replace"):
            if self.journal.previous == self.journal.release:
                # It serves, but not well: there is nothing to keep, and nothing else to go back to.
                _bring(self.target, None)
            _bring(self.target, self.journal.release)
        self.ledger_at("watch", switched=True)
        with self.step("watch"):
            self.target.watch(self.journal.release, watch)

    def fail(self, error: BaseException) -> EcluseError:
        """Undo what was begun, record it, and return the error to raise."""
        at, before = self.journal.step, self.journal.previous
        reason = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        outcome: Outcome = "refused" if isinstance(error, PreflightError) else "failed"
        if at not in ("stage", "preflight", "migrate"):
            self.undo(reason)
            outcome = "undone"
        self.end(outcome, serving=before, reason=reason)
        still = (
            f"release {before} {'serves again' if outcome == 'undone' else 'still serves'}"
            if before
            else "nothing serves"
        )
        if isinstance(error, EcluseError):
            kind = RolloutError if outcome == "undone" or isinstance(error, CommandError) else type(error)
            return kind(f"{at}: {error.what}\n{still}", where=error.where, hint=error.hint)
        if isinstance(error, OSError):  # a full disk, as a rule
            return RolloutError(f"{at}: {error}\n{still}")
        return Interrupted(f"the rollout was stopped during {at}; {still}")

    def undo(self, reason: str) -> None:
        """What served before into service again. Raises RolloutError, and leaves the journal, where that fails."""
        release, before = self.journal.release, self.journal.previous
        # On a full disk the journal cannot be written; undoing matters more, and needs no room where the old one runs.
        with suppress(OSError):
            self.ledger_at("undo")
        try:
            with self.step("undo", written=False):
                _bring(self.target, before)
        except (EcluseError, OSError, KeyboardInterrupt) as error:
            now = sorted({one for task in self.target.tasks() for one in self.target.serving(task)})
            raise RolloutError(
                f"{reason}\nand going back from {release} to {before or 'nothing'} failed: {error or 'interrupted'}\n"
                f"what serves now: {', '.join(now) or 'nothing'}",
                hint="the next deploy, rollback or stop of this environment goes on from here",
            ) from error

    def succeed(self) -> Record:
        """The end of a rollout that brought its release into service."""
        self.ledger_at("record", switched=True)
        record = self.end("succeeded", serving=self.journal.release)
        with self.step("prune", written=False):
            keep = {self.journal.release, *([self.journal.previous] if self.journal.previous else [])}
            try:
                self.target.prune(keep)
            except EcluseError:
                pass  # what is left is deleted next time; the release serves
        return record

    def end(self, outcome: Outcome, *, serving: str | None, reason: str | None = None) -> Record:
        record = Record.of(
            self.journal,
            outcome=outcome,
            serving=serving,
            seconds=self.clock() - self.began,
            reason=reason,
            resumed=self.resumed,
        )
        # Killed between these two lines, the next command comes here again with the same id.
        if not any(one.id == record.id for one in self.ledger.history()[-1:]):
            with suppress(OSError):  # a full disk: that it has ended well matters more than that it is written down
                self.ledger.append(record)
        self.ledger.clear()
        return record

    def ledger_at(self, step: Step, **changes: object) -> None:
        self.journal = self.journal.at(step, **changes)
        self.ledger.write(self.journal)

    @contextmanager
    def step(self, step: Step, *, written: bool = True, **changes: object) -> Iterator[None]:
        if written:
            self.ledger_at(step, **changes)
        self.progress.step(step)
        began = self.clock()
        try:
            yield
        finally:
            seconds = round(self.clock() - began, 3)
            self.journal = self.journal.at(self.journal.step, steps={**self.journal.steps, step: seconds})
        self.progress.done(step, seconds)


def _bring(target: Target, release: str | None) -> None:
    """*release* into service and every other out of it, task by task. Done again, it goes on where it stopped."""
    for task in target.tasks():
        if release is not None:
            target.start(task, release)
            target.gate(task, release)
            target.switch(task, release)
        target.drain(task, release)


def _current(target: Target, ledger: Ledger) -> str | None:
    """What serves now. Where several do (nobody's rollout left that), the one that the last rollout left."""
    serving = {release for task in target.tasks() for release in target.serving(task)}
    if len(serving) > 1:
        for record in reversed(ledger.history()):
            if record.serving in serving:
                return record.serving
    return min(serving, default=None)


def _allowed(name: str, allowed: Sequence[str]) -> bool:
    return any(name == one or name.startswith(f"{one}_") for one in allowed)


def _short(name: str) -> str:
    """``shop.0007`` of ``shop.0007_remove_price``."""
    app, _, rest = name.partition(".")
    number = rest.partition("_")[0]
    return f"{app}.{number}" if number.isdigit() else name
