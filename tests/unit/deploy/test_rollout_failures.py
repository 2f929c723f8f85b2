"""The state machine against every failure at every call, and against whole lives of an environment.

A command is one deployer's: lock, recover, roll out. What happens to it (:data:`FAULTS`) happens at its n-th call of
the target or the ledger, before that call or once it has had its effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ecluse.deploy.history import Kind, Record
from ecluse.deploy.rollout import Request, recover, roll_out
from ecluse.errors import EcluseError, Interrupted, LockHeld, RolloutError, TargetError
from tests.support.doubles.rollouts import Killed, MemoryLedger, MemoryLock, MemoryRelease, MemoryTarget

TASKS = ("worker", "web", "beat")
BRINGS = {
    "a": ("shop.0001",),
    "b": ("shop.0001", "shop.0002", "shop.0003"),
    "c": ("shop.0001", "shop.0002", "shop.0003", "shop.0004"),
    "d": ("shop.0001",),
}


class Bug(Exception):
    """An exception that no target should raise."""


# What happens, from the n-th call on: at that call alone, or also later in the same command.
FAULTS = ("error", "timeout", "bug", "signal", "signals", "killed", "lost", "full", "second", "stolen")

# Where a deployer spends its time. Between asking whether the lock is ours and acting lies an instant that nothing
# closes; a lock that is stolen exactly then is not what these tests are about.
LONG = ("stage", "preflight", "migrate", "start", "gate", "watch", "write")


class World:
    """An environment, and the commands that its deployers give."""

    def __init__(self) -> None:
        self.target, self.ledger, self.lock = MemoryTarget(TASKS, BRINGS), MemoryLedger(), MemoryLock()
        self.now = 0.0
        self.begun: set[str] = set()
        self.calls = 0
        self.struck = False
        self.unwritable = False

    def clock(self) -> float:
        self.now += 1
        return self.now

    def command(self, release: str, kind: Kind = "deploy", *, force: bool = False) -> Record | None:
        """Do as the command line does; as there, the lock is given back whatever happens, but by who is killed."""
        with self.lock.held(force=force) as ours:
            self.ledger.ours = ours
            recover(self.target, self.ledger, clock=self.clock, wall=self.clock)
            request = Request(release=MemoryRelease(release), kind=kind, by="test")
            return roll_out(self.target, self.ledger, request, clock=self.clock, wall=self.clock)

    def hurt(self, release: str, fault: str, at: int, *, after: bool = False, kind: Kind = "deploy") -> str:
        """A command to which *fault* happens; the name of the state that it says it ends in."""
        with self.fault(fault, at, after=after):
            try:
                done = self.command(release, kind)
            except Killed:
                return "killed"
            except Bug:
                return "bug"
            except (Interrupted, KeyboardInterrupt):
                return "interrupted"
            except EcluseError as error:
                assert error.what, "an error that says nothing"
                return type(error).__name__
        return "serves" if done else "unchanged"

    @contextmanager
    def fault(self, fault: str, at: int, *, after: bool) -> Iterator[None]:
        self.calls, self.struck = 0, False
        before = self._strike(fault, at, counts=True, strikes=not after)
        self.target.before = self.target.asked = self.ledger.before = before
        self.target.after = self.ledger.after = self._strike(fault, at, counts=False, strikes=after)
        try:
            yield
        finally:
            self.heal()

    def heal(self) -> None:
        for part in (self.target, self.ledger):
            part.before = part.after = lambda call: None
        self.target.asked = lambda call: None

    def _strike(self, fault: str, at: int, *, counts: bool, strikes: bool) -> Callable[[str], None]:
        def hook(call: str) -> None:
            self.calls += counts
            if fault == "full" and self.calls >= at and counts and call in ("write", "append"):
                self.unwritable = self.struck = True
                raise OSError(28, "No space left on device")
            if fault == "lost" and self.calls >= at and counts:
                self.struck = True
                raise TargetError("no route to host")
            if fault == "signals" and self.calls in (at, at + 3) and strikes:
                self.struck = True
                raise KeyboardInterrupt
            if self.calls == at and strikes:
                self._once(fault, call, strikes_after=not counts)

        return hook

    def _once(self, fault: str, call: str, *, strikes_after: bool) -> None:
        if fault == "stolen" and (call not in LONG or (call == "write" and strikes_after)):
            return
        self.struck = True
        match fault:
            case "error":
                raise RolloutError("it does not")
            case "timeout":
                self.unwritable |= call == "append"
                raise TimeoutError("timed out")
            case "bug":
                raise Bug("index out of range")
            case "signal":
                raise KeyboardInterrupt
            case "killed":
                raise Killed
            case "second":
                with pytest.raises(LockHeld):
                    self.command("d")
            case "stolen":
                ours = self.ledger.ours
                self.heal()
                with suppress(EcluseError):
                    self.command("d", force=True)
                self.ledger.ours = ours

    # What must hold at any time between two commands

    def check(self) -> None:
        self.something_serves()
        self.the_journal_is_consistent()
        self.history_is_right()
        assert self.lock.holder is None, "a lock that nobody holds any more is taken"
        assert len(set(self.target.applied)) == len(self.target.applied), "a migration was repeated"
        assert self.target.outages == []

    def something_serves(self) -> None:
        for task in TASKS:
            assert self.target.open[task], f"nothing serves {task}"

    def the_journal_is_consistent(self) -> None:
        journal = self.ledger.journal()
        serving = {release for task in TASKS for release in self.target.open[task]}
        if journal is None:
            return
        assert serving <= {journal.previous, journal.release}
        if journal.switched:
            assert all(journal.release in self.target.open[task] or journal.step == "undo" for task in TASKS)
        if journal.step in ("stage", "preflight", "migrate"):
            assert serving == {journal.previous}

    def history_is_right(self) -> None:
        records = self.ledger.history()
        ends = {(record.id, record.outcome) for record in records}
        assert len(ends) == len(records), "the end of a rollout was recorded twice"
        for record in records:
            # A release that failed stays where what served before did not come back.
            stayed = record.outcome == "failed" and "going back" in (record.reason or "")
            assert record.serving == (record.release if record.outcome == "succeeded" or stayed else record.previous)
            assert (record.reason is None) == (record.outcome == "succeeded")
        if records and not self.unwritable and self.ledger.journal() is None:
            assert all(self.target.open[task] == {records[-1].serving} for task in TASKS)

    def come_to_rest(self, release: str) -> None:
        """Give one command without a fault: it must end every rollout that was begun."""
        self.heal()
        self.target.mend()
        self.command(release)
        assert self.target.open == self.target.running == {task: {release} for task in TASKS}
        assert self.ledger.journal() is None
        self.check()


# "serves": what only deletes old releases, and what cannot be written on a full disk once the release serves, fails
# no rollout.
NAMED = {
    "error": ("RolloutError", "serves"),
    "timeout": ("RolloutError", "TargetError", "serves"),
    "bug": ("bug",),
    "signal": ("interrupted",),
    "signals": ("interrupted", "RolloutError"),
    "killed": ("killed",),
    "lost": ("TargetError", "RolloutError", "serves"),
    "full": ("RolloutError", "serves"),
    "second": ("serves",),
    "stolen": ("LockHeld",),
}


def made() -> World:
    world = World()
    world.command("a")
    return world


def last_call() -> int:
    world = made()
    assert world.hurt("b", "nothing", 0) == "serves"
    return world.calls


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_at_any_call_ends_in_a_named_serving_state(fault: str, after: bool) -> None:
    for at in range(1, last_call() + 1):
        world = made()
        ended = world.hurt("b", fault, at, after=after)
        assert ended in (NAMED[fault] if world.struck else ("serves",)), f"call {at}: {ended}"
        world.check()
        world.come_to_rest("c")


def test_deployers_collide_if_the_lock_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proof that these tests can fail: a deployer who does not notice that its lock was taken goes on."""
    monkeypatch.setattr(MemoryLedger, "write", lambda self, journal: setattr(self, "_journal", journal))
    with pytest.raises(AssertionError):
        for at in range(1, last_call() + 1):
            world = made()
            world.hurt("b", "stolen", at)
            world.check()


def test_a_bug_is_undone_and_still_reported_as_one() -> None:
    world = made()
    with world.fault("bug", 15, after=False), pytest.raises(Bug) as raised:
        world.command("b")
    assert raised.value.__notes__ == ["replace: release a serves again"]
    assert [record.outcome for record in world.ledger.history()] == ["succeeded", "undone"]
    assert world.ledger.journal() is None


class Life(RuleBasedStateMachine):
    """An environment over weeks: rollouts of good and of broken releases, rollbacks, and everything that can happen."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @initialize()
    def first(self) -> None:
        self.world.command("a")

    @rule(release=st.sampled_from("abcd"))
    def deploy(self, release: str) -> None:
        left, bad = self.world.ledger.journal(), self.world.target.broken | self.world.target.sick
        ended = self.world.hurt(release, "nothing", 0)
        # What was interrupted is finished first; where that fails, it is undone, and the command ends by saying so.
        assert ended in ("serves", "unchanged") or release in bad or (left is not None and left.release in bad)

    @rule(
        release=st.sampled_from("abcd"),
        fault=st.sampled_from(FAULTS),
        at=st.integers(1, 60),
        after=st.booleans(),
        kind=st.sampled_from(["deploy", "rollback"]),
    )
    def deploy_and_something_happens(self, release: str, fault: str, at: int, after: bool, kind: Kind) -> None:
        self.world.hurt(release, fault, at, after=after, kind=kind)

    @rule(release=st.sampled_from("bcd"))
    def break_release(self, release: str) -> None:
        """The next rollouts of it never get ready."""
        self.world.target.broken.add(release)

    @rule(release=st.sampled_from("bcd"))
    def infect_release(self, release: str) -> None:
        """Let the release fail once it gets requests."""
        self.world.target.sick.add(release)

    @precondition(lambda self: self.world.target.broken | self.world.target.sick)
    @rule()
    def mend(self) -> None:
        self.world.target.mend()

    @precondition(lambda self: self.world.ledger.journal() is None)
    @rule(task=st.sampled_from(TASKS))
    def process_ends(self, task: str) -> None:
        """End one process of a task; the others still run."""
        self.world.target.running[task].clear()

    @invariant()
    def everything_is_right(self) -> None:
        if self.world.ledger.history():
            self.world.check()

    def teardown(self) -> None:
        if self.world.ledger.history():
            self.world.come_to_rest("c")


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=40, stateful_step_count=15)
