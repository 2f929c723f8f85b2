"""The rollout as a state machine. It knows the order of things, and of no target how they are done.

    lock → stage → preflight → migrate → replace (start beside, gate, switch, drain; task by task) → watch → record →
    prune → unlock

What serves is asked of the target, never concluded from what was done. Each step is written to the journal before it is
begun, and every operation of a target can be done again: so a rollout that was interrupted, at whatever point, is
finished or undone by bringing one of its two releases into service (``Attempt.bring``), and by nothing else.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from ecluse.deploy.attempt import Attempt, Clock, Progress, answering
from ecluse.deploy.contract import Ledger, Migration, Preflight, Target
from ecluse.deploy.history import Journal, Kind, Record
from ecluse.errors import EcluseError, Interrupted, LockHeld, RolloutError

__all__ = [
    "Clock",
    "Ledger",
    "Migration",
    "Preflight",
    "Progress",
    "Request",
    "Target",
    "current",
    "recover",
    "roll_out",
]


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
    A bug's exception is undone like any failure, then raised as it is.
    """
    began = clock()
    with answering():
        previous = current(target, ledger)
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
        watch=request.watch,
    )
    run = Attempt(target, ledger, journal, progress or Progress(), clock, began)
    try:
        run.prepare(request.allowed)
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
    target: Target,
    ledger: Ledger,
    *,
    progress: Progress | None = None,
    clock: Clock = time.monotonic,
    wall: Clock = time.time,
) -> Record | None:
    """Finish or undo what an interrupted rollout left. Returns its record; None where there was nothing to do.

    Finished where the new release had taken over everywhere, undone where it had not; where what served before does
    not come back, the new release stays, so that another one can follow. Raises RolloutError where nothing works.
    """
    with answering():
        journal = ledger.journal()
    if journal is None:
        return None
    # Counted from its beginning: the time in between is part of how long things stood half done.
    began = clock() - max(0.0, wall() - journal.began)
    run = Attempt(target, ledger, journal, progress or Progress(), clock, began, resumed=True)
    reason = f"interrupted during {journal.step}"
    if journal.step in ("stage", "preflight", "migrate"):
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


def current(target: Target, ledger: Ledger) -> str | None:
    """What serves now. Where several do (nobody's rollout left that), the one that the last rollout left."""
    serving = {release for task in target.tasks() for release in target.serving(task)}
    if len(serving) > 1:
        for record in reversed(ledger.history()):
            if record.serving in serving:
                return record.serving
    return min(serving, default=None)
