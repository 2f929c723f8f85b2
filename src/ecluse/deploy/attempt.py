"""A rollout under way: the journal that is written before each step, and the ways in which it can end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Generic

from ecluse.deploy.contract import Ledger, Operations, R
from ecluse.deploy.history import UNTOUCHED, Journal, Outcome, Record, Step, before
from ecluse.deploy.judge import judge
from ecluse.errors import CommandError, EcluseError, Interrupted, LockHeld, PreflightError, RolloutError, TargetError

__all__ = ["Attempt", "Clock", "Progress", "answering", "current"]

Clock = Callable[[], float]


@dataclass
class Progress:
    """Hears what happens: :meth:`step` when one begins, :meth:`done` with its seconds."""

    step: Callable[[str], None] = field(default=lambda step: None)
    done: Callable[[str, float], None] = field(default=lambda step, seconds: None)


class Attempt(Generic[R]):
    """A rollout under way. *new* is the release that it brings, where the caller has it already."""

    def __init__(
        self,
        target: Operations[R],
        ledger: Ledger,
        journal: Journal,
        progress: Progress,
        clock: Clock,
        began: float,
        *,
        new: R | None = None,
        resumed: bool = False,
    ) -> None:
        self.new = new
        self.target, self.ledger, self.journal, self.progress = target, ledger, journal, progress
        self.clock, self.began, self.resumed = clock, began, resumed

    def prepare(self, allowed: Sequence[str], keep: Callable[[str], str | None] = lambda id: None) -> None:
        """Do everything that does not disturb the release which serves. *keep* dumps the database before a migration
        without a way back.
        """
        release, target = self.release(self.journal.release), self.target
        with self.step("stage"):
            target.stage(release)
            # Asked again: what served before the machine was switched off has been started with the rest.
            self.journal = self.journal.at("stage", previous=current(target, self.ledger))
        with self.step("preflight"):
            found = target.preflight(release, self.journal.previous)
            judge(found, release.id, self.journal.previous, self.ledger.history(), allowed)
        names = tuple(migration.name for migration in found.pending)
        unsafe = tuple(migration.name for migration in found.pending if migration.unsafe)
        # Where nothing has served, there is nothing to lose.
        if self.journal.previous is not None and any(one.unsafe or one.one_way for one in found.pending):
            with self.step("dump"):
                self.journal = self.journal.at("dump", dump=keep(self.journal.id))
        # Where nothing is pending too: Django records what is squashed, and makes permissions and content types.
        with self.step("migrate", migrations=names, unsafe=unsafe, lost=found.lost):
            target.migrate(release)

    def replace(self) -> None:
        """Bring the release into service, and watch it. Where it serves already, what is missing is added beside it:
        nothing that serves is ever ended without something in its place.
        """
        with self.step("replace"):
            self.bring(self.journal.release)
        self.watch()

    def finish(self, *, watched: bool) -> None:
        """Bring the release that an interrupted rollout had switched to into service everywhere; then watch it, unless
        it was *watched* before the interruption.
        """
        with self.step("replace"):
            self.bring(self.journal.release)
        if not watched:
            self.watch()

    def watch(self) -> None:
        """Observe the release that has been switched to."""
        self.write_at("watch", switched=True)
        with self.step("watch", written=False):
            self.target.watch(self.release(self.journal.release), self.journal.watch)

    def release(self, id: str) -> R:
        """The release *id*. Raises ReleaseError where the target does not keep it any more."""
        return self.new if self.new is not None and self.new.id == id else self.target.release(id)

    def bring(self, id: str | None, *, back: bool = False) -> None:
        """Bring the release *id* into service and every other release out of it, task by task; with None, end all.
        *back*: what visitors ask goes first, since they meet the release that does not do well.

        Called again after an interruption, it goes on where it stopped.
        """
        release = None if id is None else self.release(id)
        tasks = self.target.tasks(*([] if release is None else [release]))
        for task in sorted(tasks, key=lambda task: back and not task.visited):
            staying = release if release is not None and task.part_of(release) else None
            if staying is not None:
                task.start(staying)
                task.gate(staying)
                self.write()
                task.switch(staying)
            self.write()
            # Asked of the target, and last: draining ends what serves, and nothing gives that back.
            if staying is not None and staying.id not in task.serving():
                raise RolloutError(f"release {staying.id} was switched to, but does not serve {task.name}")
            task.drain(staying)

    def fail(self, error: BaseException) -> BaseException:
        """Undo what was begun, record it, and return the error to raise."""
        at, previous = self.journal.step, self.journal.previous
        reason = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error) or type(error).__name__
        outcome: Outcome = "refused" if isinstance(error, PreflightError) else "failed"
        if at in UNTOUCHED:
            self.write(needed=False)  # whoever has taken over has a journal of their own, which is not ours to end
        else:
            self.undo(reason)
            outcome = "undone"
        still = (
            f"release {previous} {'serves again' if outcome == 'undone' else 'still serves'}"
            if previous
            else "nothing serves"
        )
        try:
            self.end(outcome, serving=previous, reason=reason)
            self.tidy()
        except LockHeld:
            raise
        except (EcluseError, OSError) as unwritten:  # the journal is still there: the next command comes here again
            still += f"; that could not be written down: {unwritten}"
        if isinstance(error, EcluseError):
            kind = RolloutError if outcome == "undone" or isinstance(error, CommandError) else type(error)
            return kind(f"{at}: {error.what}\n{still}", where=error.where, hint=error.hint)
        if isinstance(error, OSError):  # a full disk, as a rule
            return RolloutError(f"{at}: {error}\n{still}")
        if isinstance(error, KeyboardInterrupt):
            return Interrupted(f"the rollout was stopped during {at}; {still}")
        error.add_note(f"{at}: {still}")
        return error

    def undo(self, reason: str) -> None:
        """Bring back what served before. Raises RolloutError, and leaves the journal, where that fails."""
        release, previous = self.journal.release, self.journal.previous
        self.write_at("undo")
        try:
            with self.step("undo", written=False):
                self.bring(previous, back=True)
        except LockHeld:
            raise
        except (Exception, KeyboardInterrupt) as error:
            raise RolloutError(
                f"{reason}\nand going back from {release} to {previous or 'nothing'} failed: "
                f"{error or ('interrupted' if isinstance(error, KeyboardInterrupt) else type(error).__name__)}\n"
                f"what serves now: {self._serving()}",
                hint="the next deploy, rollback or stop of this environment goes on from here",
            ) from error

    def stay(self, failed: RolloutError) -> Record:
        """Keep the new release in service: going back *failed*, and no other rollout could follow otherwise."""
        try:
            with self.step("replace", written=False):
                self.bring(self.journal.release)
        except LockHeld:
            raise
        except (EcluseError, OSError):
            raise failed from None
        with answering():
            return self.end("failed", serving=self.journal.release, reason=failed.what)

    def _serving(self) -> str:
        """The releases that serve now, in words, as far as the target can still be asked."""
        try:
            now = sorted({one for task in self.target.tasks() for one in task.serving()})
        except (EcluseError, OSError) as error:
            return f"not known, the target does not say: {error}"
        return ", ".join(now) or "nothing"

    def succeed(self) -> Record:
        """Record a rollout that brought its release into service."""
        release = self.journal.release
        try:
            # On a full disk the journal stays at what it was, which ends here as well.
            with suppress(OSError):
                self.write_at("record", switched=True)
            record = self.end("succeeded", serving=release)
            self.tidy()
        except LockHeld:
            raise
        except (EcluseError, OSError, KeyboardInterrupt) as error:
            stopped = isinstance(error, KeyboardInterrupt)
            kind, why = (Interrupted, "stopped") if stopped else (RolloutError, f"not done: {error}")
            raise kind(
                f"release {release} serves, but this could not be recorded: {why}",
                hint="the next deploy or rollback of this environment does the rest",
            ) from error
        return record

    def tidy(self) -> None:
        """Delete what this and earlier rollouts have left, but for what serves and what a rollback would go to. What
        cannot be deleted is deleted next time.
        """
        with self.step("prune", written=False), suppress(EcluseError, OSError):
            history = self.ledger.history()
            serving = history[-1].serving if history else None
            keep = {serving, before(history)}
            self.target.prune({id for id in keep if id is not None})

    def end(self, outcome: Outcome, *, serving: str | None, reason: str | None = None) -> Record:
        """Write down how the rollout ended, and forget the journal."""
        record = Record.of(
            self.journal,
            outcome=outcome,
            serving=serving,
            seconds=self.clock() - self.began,
            reason=reason,
            resumed=self.resumed,
        )
        # Stopped between these two lines, the next command comes here again with the same id.
        if not any((one.id, one.outcome) == (record.id, outcome) for one in self.ledger.history()[-1:]):
            with suppress(OSError):  # a full disk: that it has ended well matters more than that it is written down
                self.ledger.append(record)
        self.ledger.clear()
        return record

    def write_at(self, step: Step, **changes: object) -> None:
        """Say in the journal that *step* begins."""
        self.journal = self.journal.at(step, **changes)
        self.write()

    def write(self, *, needed: bool = True) -> None:
        """Write the journal. Raises LockHeld where somebody has taken the environment's lock from us: that is asked
        before each operation which changes what serves, so that two deployers never do at once.
        """
        try:
            self.ledger.write(self.journal)
        except LockHeld:
            raise
        except (EcluseError, OSError):
            # Undoing matters more than writing that down, and needs no room on a full disk where the old one runs.
            if needed and self.journal.step != "undo":
                raise

    @contextmanager
    def step(self, step: Step, *, written: bool = True, **changes: object) -> Iterator[None]:
        """Time what happens in the context as *step*; *written*: say in the journal that it begins."""
        if written:
            self.write_at(step, **changes)
        self.progress.step(step)
        began = self.clock()
        try:
            yield
        finally:
            seconds = round(self.clock() - began, 3)
            self.journal = self.journal.at(self.journal.step, steps={**self.journal.steps, step: seconds})
        self.progress.done(step, seconds)


def current(target: Operations[Any], ledger: Ledger) -> str | None:
    """The id of the release that serves now; None where none does. Where several serve, which no rollout leaves, it is
    the one that the last rollout left.
    """
    serving = {release for task in target.tasks() for release in task.serving()}
    if len(serving) > 1:
        for record in reversed(ledger.history()):
            if record.serving in serving:
                return record.serving
    return min(serving, default=None)


@contextmanager
def answering() -> Iterator[None]:
    """Turn an OSError of a target or a ledger (a lost connection, a broken disk) into a TargetError."""
    try:
        yield
    except OSError as error:
        raise TargetError(f"the target does not answer: {error}") from error
