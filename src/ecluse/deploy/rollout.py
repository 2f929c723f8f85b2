"""The rollout as a state machine. It knows the order of the steps; a target knows how each is done.

    lock → stage → preflight → (dump) → migrate → replace (start beside, gate, switch, drain; task by task) → watch →
    record → prune → unlock

What serves is asked of the target, never concluded from what was done. Each step is written to the journal before it is
begun, and every operation of a target can be done again: so a rollout that was interrupted, at whatever point, is
finished or undone by bringing one of its two releases into service (``Attempt.bring``), and by nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic

from ecluse.definition.model import Watch
from ecluse.deploy.attempt import Attempt, Clock, Progress, answering, current
from ecluse.deploy.contract import Ledger, Migration, Operations, Preflight, R
from ecluse.deploy.history import UNTOUCHED, Journal, Kind, Record
from ecluse.errors import EcluseError, Interrupted, LockHeld, RolloutError

__all__ = [
    "Clock",
    "Ledger",
    "Migration",
    "Preflight",
    "Progress",
    "Request",
    "current",
    "recover",
    "roll_out",
]


@dataclass(frozen=True, kw_only=True)
class Request(Generic[R]):
    """The order for a rollout: what to roll out, and for whom. *allowed* are migrations, as ``app.0007``, that may run
    although they break the release that serves. *keep* is given the id of the rollout before a migration without a way
    back: it dumps the database, and returns the name of the dump, or None. *restored* is the dump that the database was
    brought back from.
    """

    release: R
    kind: Kind = "deploy"
    by: str
    watch: Watch = Watch()
    allowed: tuple[str, ...] = ()
    keep: Callable[[str], str | None] = field(default=lambda id: None)
    restored: str | None = None


def roll_out(
    target: Operations[R],
    ledger: Ledger,
    request: Request[R],
    *,
    progress: Progress | None = None,
    clock: Clock = time.monotonic,
    wall: Clock = time.time,
) -> Record | None:
    """Bring a release into service, or leave things as they were. Returns the record; None where the release serves
    already, and is healthy.

    The caller holds the environment's lock and has called :func:`recover`. Raises what stopped it, saying what serves
    now: the error itself where what serves had not been touched, RolloutError where it was undone or undoing failed.
    A bug's exception is undone like any failure, then raised as it is.
    """
    began, new = clock(), request.release
    with answering():
        previous = current(target, ledger)
        if previous == new.id and target.healthy(new):
            return None
    journal = Journal(
        id=f"{int(wall() * 1_000_000):x}",
        kind=request.kind,
        release=new.id,
        previous=previous,
        began=round(wall(), 3),
        by=request.by,
        commit=new.commit,
        watch=request.watch,
        restored=request.restored,
    )
    run = Attempt(target, ledger, journal, progress or Progress(), clock, began, new=new)
    try:
        run.prepare(request.allowed, request.keep)
        run.replace()
    except LockHeld:
        raise  # somebody has taken over, and the journal tells them what to finish or undo
    except (Exception, KeyboardInterrupt) as error:
        failed = run.fail(error)
        if failed is error:
            raise
        raise failed from error
    return run.succeed()


def recover(
    target: Operations[R],
    ledger: Ledger,
    *,
    progress: Progress | None = None,
    clock: Clock = time.monotonic,
    wall: Clock = time.time,
) -> Record | None:
    """Finish or undo a rollout that was interrupted. Returns its record; None where there was nothing to do.

    It is finished where the new release had taken over everywhere, undone where it had not. Where what served before
    does not come back, the new release stays, so that another rollout can follow. Raises RolloutError where neither
    works.
    """
    with answering():
        journal = ledger.journal()
    if journal is None:
        return None
    # Counted from its beginning: the time in between is part of how long the rollout stood half done.
    began = clock() - max(0.0, wall() - journal.began)
    run = Attempt(target, ledger, journal, progress or Progress(), clock, began, resumed=True)
    reason = f"interrupted during {journal.step}"
    if journal.step in UNTOUCHED:
        with answering():
            return run.end("failed", serving=journal.previous, reason=reason)
    if journal.switched and journal.step != "undo":
        try:
            run.finish(watched=journal.step == "record")
        except LockHeld:
            raise
        except (EcluseError, OSError) as error:
            raise run.fail(error) from error
        except KeyboardInterrupt:
            raise Interrupted(
                f"finishing the rollout of {journal.release} was stopped during {run.journal.step}",
                hint="the next deploy, rollback or stop of this environment goes on from here",
            ) from None
        return run.succeed()
    try:
        run.undo(reason)
    except RolloutError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise
        return run.stay(error)
    with answering():
        return run.end("undone", serving=journal.previous, reason=reason)
