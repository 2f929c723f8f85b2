from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecluse.deploy.rollout import Migration, Preflight, Request, recover, roll_out
from ecluse.errors import EcluseError, Interrupted, LockHeld, PreflightError, ReleaseError, RolloutError
from tests.support.doubles.rollouts import Killed, MemoryLedger, MemoryRelease, MemoryTarget

OPERATIONS = ("stage", "preflight", "migrate", "start", "gate", "switch", "drain", "watch")
PENDING = Preflight((Migration("shop.0002_adds"),))


@pytest.fixture
def target() -> MemoryTarget:
    made = MemoryTarget()
    made.serve("old")
    return made


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


def request(release: str = "new", **values: object) -> Request[MemoryRelease]:
    return Request(release=MemoryRelease(release), by="test", **values)  # type: ignore[arg-type]


def failing(operation: str, error: BaseException, *, times: int = 1) -> object:
    left = [times]

    def before(name: str) -> None:
        if name == operation and left[0]:
            left[0] -= 1
            raise error

    return before


def serving(target: MemoryTarget) -> set[str]:
    return {release for task in target.tasks() for release in task.serving()}


def test_a_rollout_does_everything_in_order_and_records_it(target: MemoryTarget, ledger: MemoryLedger) -> None:
    target.found = PENDING
    record = roll_out(target, ledger, request())
    assert target.operations == [*OPERATIONS, "prune"]
    assert record is not None and record.outcome == "succeeded"
    assert (record.release, record.previous, record.serving) == ("new", "old", "new")
    assert record.migrations == ("shop.0002_adds",)
    assert set(record.steps) == {"stage", "preflight", "migrate", "replace", "watch"}
    assert serving(target) == {"new"}
    assert ledger.journal() is None and ledger.history() == [record]


def test_every_step_is_in_the_journal_before_it_is_begun(target: MemoryTarget, ledger: MemoryLedger) -> None:
    target.found = PENDING
    seen: dict[str, str] = {}
    target.before = lambda name: seen.update({name: ledger.steps[-1]})
    roll_out(target, ledger, request())
    replaced = dict.fromkeys(("start", "gate", "switch", "drain"), "replace")
    # What prunes comes after the record: an interruption there has nothing to finish.
    assert seen == {"stage": "stage", "preflight": "preflight", "migrate": "migrate", "watch": "watch", **replaced} | {
        "prune": "record"
    }


def test_rollout_migrates_where_nothing_is_pending_too(target: MemoryTarget, ledger: MemoryLedger) -> None:
    # Django records what is squashed, and makes permissions and content types.
    roll_out(target, ledger, request())
    assert (target.migrated, ledger.history()[-1].migrations) == (["new"], ())


def test_release_that_the_database_would_break_is_refused(target: MemoryTarget, ledger: MemoryLedger) -> None:
    target.found = Preflight(unknown=frozenset({"shop.0002_x"}), behind=("drops the column shop.y",))
    with pytest.raises(PreflightError, match="has moved past release new: shop.0002_x\n  drops the column shop.y"):
        roll_out(target, ledger, request())


def test_serving_processes_decide_not_the_history(target: MemoryTarget, ledger: MemoryLedger) -> None:
    target.found = Preflight((Migration("shop.0002_x", unsafe=("empties the table shop",)),))
    roll_out(target, ledger, request(allowed=("shop.0002",)))
    target.found = Preflight(unknown=frozenset({"shop.0002_x"}), behind=())
    assert roll_out(target, ledger, request("old")) is not None


def test_a_release_that_serves_well_is_not_rolled_out_again(target: MemoryTarget, ledger: MemoryLedger) -> None:
    assert roll_out(target, ledger, request("old")) is None
    assert target.operations == [] and ledger.history() == []


def test_rollout_adds_missing_processes_without_outage(target: MemoryTarget, ledger: MemoryLedger) -> None:
    target.running["web"].clear()  # one of its processes ended, another one takes requests
    record = roll_out(target, ledger, request("old"))
    assert record is not None and record.outcome == "succeeded"
    assert target.running == {"web": {"old"}} and target.outages == []


def test_sick_serving_release_keeps_serving_if_its_rollout_fails(target: MemoryTarget, ledger: MemoryLedger) -> None:
    target.sick = {"old"}
    with pytest.raises(RolloutError, match="watch: (.|\n)*release old serves again"):
        roll_out(target, ledger, request("old"))
    assert serving(target) == {"old"} and target.outages == []


@pytest.mark.parametrize("operation", ["stage", "preflight", "migrate"])
def test_a_failure_before_the_replacement_touches_nothing(
    target: MemoryTarget, ledger: MemoryLedger, operation: str
) -> None:
    target.found = PENDING
    target.before = failing(operation, ReleaseError("broken", hint="mend it"))  # type: ignore[assignment]
    with pytest.raises(ReleaseError, match=f"{operation}: broken\nrelease old still serves") as raised:
        roll_out(target, ledger, request())
    assert raised.value.hint == "mend it"
    assert not {"start", "switch", "drain"} & set(target.operations)
    assert [record.outcome for record in ledger.history()] == ["failed"]


@pytest.mark.parametrize("operation", ["start", "gate", "switch", "drain", "watch"])
def test_a_failure_from_the_replacement_on_is_undone(
    target: MemoryTarget, ledger: MemoryLedger, operation: str
) -> None:
    target.before = failing(operation, RolloutError("broken"))  # type: ignore[assignment]
    with pytest.raises(RolloutError, match="broken\nrelease old serves again"):
        roll_out(target, ledger, request())
    assert serving(target) == {"old"} and target.running == {"web": {"old"}}
    assert target.outages == []
    assert [(record.outcome, record.serving) for record in ledger.history()] == [("undone", "old")]
    assert ledger.journal() is None


def test_a_first_rollout_that_fails_leaves_nothing_running(ledger: MemoryLedger) -> None:
    target = MemoryTarget()
    target.before = failing("gate", RolloutError("broken"))  # type: ignore[assignment]
    with pytest.raises(RolloutError, match="nothing serves"):
        roll_out(target, ledger, request())
    assert target.running == {"web": set()}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_ctrl_c_undoes_and_says_what_serves(target: MemoryTarget, ledger: MemoryLedger, operation: str) -> None:
    target.found = PENDING
    target.before = failing(operation, KeyboardInterrupt())  # type: ignore[assignment]
    with pytest.raises(Interrupted, match="release old (still serves|serves again)"):
        roll_out(target, ledger, request())
    assert serving(target) == {"old"}
    assert ledger.journal() is None


def test_failed_undo_is_tried_again_by_the_next_command(target: MemoryTarget, ledger: MemoryLedger) -> None:
    target.before = failing("drain", RolloutError("no answer"), times=2)  # type: ignore[assignment]
    with pytest.raises(RolloutError, match="going back from new to old failed(.|\n)*what serves now: new, old"):
        roll_out(target, ledger, request())
    assert ledger.journal() is not None
    record = recover(target, ledger)
    assert record is not None and (record.outcome, record.serving, record.resumed) == ("undone", "old", True)
    assert serving(target) == {"old"}


def test_new_release_stays_if_the_old_one_cannot_come_back(target: MemoryTarget, ledger: MemoryLedger) -> None:
    target.broken, target.sick = {"old"}, {"new"}
    with pytest.raises(RolloutError, match="going back from new to old failed: release old did not get ready"):
        roll_out(target, ledger, request())
    record = recover(target, ledger)
    assert record is not None and (record.outcome, record.serving) == ("failed", "new")
    assert roll_out(target, ledger, request("mended")) is not None
    assert serving(target) == {"mended"} and target.outages == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_killed_rollout_is_finished_after_the_switch_else_undone(
    target: MemoryTarget, ledger: MemoryLedger, operation: str
) -> None:
    target.found = PENDING
    target.before = failing(operation, Killed())  # type: ignore[assignment]
    with pytest.raises(Killed):
        roll_out(target, ledger, request())
    record = recover(target, ledger)
    assert record is not None and record.resumed
    finished = operation == "watch"
    assert record.outcome == ("succeeded" if finished else "failed" if operation in OPERATIONS[:3] else "undone")
    assert serving(target) == {"new" if finished else "old"}
    assert recover(target, ledger) is None


def test_full_disk_leaves_the_old_release_serving(target: MemoryTarget, ledger: MemoryLedger) -> None:
    def full(operation: str) -> None:
        if operation in ("write", "append") and "start" in target.operations:
            raise OSError(28, "No space left on device")

    ledger.before = full
    with pytest.raises(RolloutError, match="No space left on device\nrelease old serves again"):
        roll_out(target, ledger, request())
    assert serving(target) == {"old"} and ledger.journal() is None


def test_rollout_that_lost_its_lock_leaves_recovery_to_the_next(target: MemoryTarget, ledger: MemoryLedger) -> None:
    def lost(operation: str) -> None:
        if "switch" in target.operations:
            raise LockHeld("it was removed")

    ledger.before = lost
    with pytest.raises(LockHeld):
        roll_out(target, ledger, request())
    ledger.before = lambda operation: None
    record = recover(target, ledger)
    assert record is not None and record.outcome == "undone"
    assert serving(target) == {"old"}


def test_rollout_killed_after_its_record_is_recorded_once(target: MemoryTarget, ledger: MemoryLedger) -> None:
    ledger.before = failing("clear", Killed())  # type: ignore[assignment]
    with pytest.raises(Killed):
        roll_out(target, ledger, request())
    recover(target, ledger)
    assert len(ledger.history()) == 1 and ledger.journal() is None


@given(
    tasks=st.lists(st.sampled_from(["worker", "web", "beat"]), min_size=1, unique=True),
    kills=st.lists(
        st.tuples(st.integers(0, 24), st.sampled_from([Killed, KeyboardInterrupt, RolloutError])), max_size=6
    ),
)
def test_repeated_interruptions_end_with_one_serving_release(
    tasks: list[str], kills: list[tuple[int, type[BaseException]]]
) -> None:
    """The n-th operation of each command fails, by an error, a signal or a kill; then one command is left alone."""
    target, ledger = MemoryTarget(tasks), MemoryLedger()
    target.serve("old")
    target.found = PENDING

    def interrupted_at(number: int, error: type[BaseException]) -> None:
        count = [0]

        def before(operation: str) -> None:
            count[0] += 1
            if count[0] == number + 1:
                raise error("now") if error is RolloutError else error()

        target.before = before

    for number, error in kills:
        interrupted_at(number, error)
        try:
            recover(target, ledger)
            roll_out(target, ledger, request())
        except (Killed, KeyboardInterrupt, EcluseError):
            pass
        assert all(task.serving() for task in target.tasks()), "a task that nothing serves"
        assert serving(target) <= {"old", "new"}
    target.before = lambda operation: None
    recover(target, ledger)
    roll_out(target, ledger, request())
    assert {task: target.running[task] for task in tasks} == {task: {"new"} for task in tasks}
    assert target.open == target.running
    assert target.outages == []
    assert ledger.journal() is None
    identifiers = [record.id for record in ledger.history()]
    assert all(one.serving in ("old", "new") for one in ledger.history()), identifiers


# Migrations


DROPS = Preflight((Migration("shop.0002_drops", unsafe=("drops the column shop_album.price",)),))


def test_migration_unsafe_for_the_serving_release_is_refused(target: MemoryTarget, ledger: MemoryLedger) -> None:
    target.found = DROPS
    with pytest.raises(PreflightError) as raised:
        roll_out(target, ledger, request())
    assert "shop.0002_drops: drops the column shop_album.price" in str(raised.value)
    assert "release old still serves" in str(raised.value)
    assert raised.value.hint is not None and "--allow-migration shop.0002" in raised.value.hint
    assert target.migrated == []
    assert ledger.history()[-1].outcome == "refused"


@pytest.mark.parametrize("allowed", ["shop.0002", "shop.0002_drops"])
def test_an_unsafe_migration_is_run_where_it_is_allowed_by_name(
    target: MemoryTarget, ledger: MemoryLedger, allowed: str
) -> None:
    target.found = DROPS
    record = roll_out(target, ledger, request(allowed=(allowed,)))
    assert record is not None and record.unsafe == ("shop.0002_drops",)


@pytest.mark.parametrize("allowed", ["shop.0001", "shop", "shop.000", "other.0002"])
def test_allowing_another_migration_allows_nothing(target: MemoryTarget, ledger: MemoryLedger, allowed: str) -> None:
    target.found = DROPS
    with pytest.raises(PreflightError):
        roll_out(target, ledger, request(allowed=(allowed,)))


def test_migration_is_safe_where_nothing_serves(ledger: MemoryLedger) -> None:
    target = MemoryTarget()
    target.found = DROPS
    assert roll_out(target, ledger, request()) is not None


def test_rollback_is_refused_only_past_an_unsafe_migration(target: MemoryTarget, ledger: MemoryLedger) -> None:
    target.found = DROPS
    roll_out(target, ledger, request(allowed=("shop.0002",)))
    target.found = Preflight(unknown=frozenset({"shop.0002_drops"}))
    with pytest.raises(PreflightError, match="the database has moved past release old: shop.0002_drops"):
        roll_out(target, ledger, request("old", kind="rollback"))
    target.found = Preflight(unknown=frozenset({"shop.0003_adds"}))
    record = roll_out(target, ledger, request("old", kind="rollback"))
    assert record is not None and record.kind == "rollback" and serving(target) == {"old"}


# What is asked again, and what is tidied


def test_undo_brings_back_what_staging_started_again(ledger: MemoryLedger) -> None:
    """After a restart of the machine nothing serves until the environment is up, which staging sees to."""
    target = MemoryTarget()
    target.broken = {"new"}
    target.after = lambda name: target.serve("old") if name == "stage" else None
    with pytest.raises(RolloutError, match="release old serves again"):
        roll_out(target, ledger, request())
    assert serving(target) == {"old"}
    assert (ledger.history()[-1].previous, ledger.history()[-1].serving) == ("old", "old")


@pytest.mark.parametrize("operation", ["preflight", "gate"])
def test_failed_rollout_is_tidied_up_after_too(target: MemoryTarget, ledger: MemoryLedger, operation: str) -> None:
    roll_out(target, ledger, request("first"))
    roll_out(target, ledger, request("second"))
    target.operations.clear()
    target.before = failing(operation, RolloutError("broken"))  # type: ignore[assignment]
    for number in range(6):
        with pytest.raises(RolloutError):
            roll_out(target, ledger, request(f"bad{number}"))
        target.before = failing(operation, RolloutError("broken"))  # type: ignore[assignment]
    assert target.operations.count("prune") == 6
    assert {"first", "second"} <= set(target.staged) and len(target.staged) == 4


def test_tidying_that_fails_hides_no_failure(target: MemoryTarget, ledger: MemoryLedger) -> None:
    target.before = failing("gate", RolloutError("broken"))  # type: ignore[assignment]
    target.after = failing("prune", OSError("disk"))  # type: ignore[assignment]
    with pytest.raises(RolloutError, match="broken"):
        roll_out(target, ledger, request())
    assert serving(target) == {"old"} and ledger.journal() is None


ONE_WAY = Preflight((Migration("shop.0002_drops", one_way=("its data is deleted",)),))


def test_dump_is_taken_before_a_migration_without_a_way_back(target: MemoryTarget, ledger: MemoryLedger) -> None:
    target.found = ONE_WAY
    taken: list[tuple[str, list[str]]] = []

    def keep(id: str) -> str:
        taken.append((id, list(target.migrated)))
        return id

    record = roll_out(target, ledger, request(keep=keep))
    assert record is not None and taken == [(record.id, [])] and record.dump == record.id
    assert "dump" in record.steps and record.restored is None
    target.found = PENDING
    record = roll_out(target, ledger, request("newer", keep=keep))
    assert record is not None and record.dump is None and len(taken) == 1


def test_dump_that_is_cut_short_leaves_what_serves(target: MemoryTarget, ledger: MemoryLedger) -> None:
    target.found = ONE_WAY

    def killed(id: str) -> str:
        raise Killed

    with pytest.raises(Killed):
        roll_out(target, ledger, request(keep=killed))
    record = recover(target, ledger)
    assert record is not None and (record.outcome, record.dump, record.migrations) == ("failed", None, ())
    assert serving(target) == {"old"} and target.migrated == []


def test_rollout_where_nothing_serves_needs_no_dump(ledger: MemoryLedger) -> None:
    target = MemoryTarget()
    target.found = ONE_WAY
    record = roll_out(target, ledger, request(keep=lambda id: id))
    assert record is not None and record.dump is None
