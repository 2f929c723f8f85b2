"""The proof: visitors come all the time, and not one of them notices."""

from __future__ import annotations

import pytest

from ecluse.definition.model import Watch
from ecluse.errors import RolloutError
from testbed.load.visitors import Load
from testbed.shop import Shop


def each_effect_once(shop: Shop, load: Load) -> bool:
    """Whether every POST that was answered took effect, and none twice."""
    effects = shop.effects()
    return all(effects.get(token) == 1 for token in load.effects) and set(effects.values()) <= {1}


def test_rollout_and_rollback_lose_and_repeat_no_request(shop: Shop, one: str, two: str) -> None:
    with Load(shop.port) as load:
        load.wait(100)
        shop.ecluse("deploy", "local", "--release", two)
        load.wait(100)
        shop.ecluse("rollback", "local")
        load.wait(100)
    assert load.lost == []
    assert load.answers[one] > 50 and load.answers[two] > 50
    assert each_effect_once(shop, load)
    assert shop.status()["serving"] == one


def test_rollout_without_draining_loses_requests(shop: Shop, one: str, two: str) -> None:
    # QUIT ends gunicorn at once. Supervisor has read its file when it was started: so it is started again.
    shop.ecluse("stop", "local")
    shop.roll_out(one, stop_signal="QUIT")
    try:
        with Load(shop.port) as load:
            load.wait(100)
            shop.roll_out(two, stop_signal="QUIT")
            load.wait(50)
        assert load.lost != []
    finally:
        shop.ecluse("stop", "local")


def test_unready_release_leaves_the_serving_processes_untouched(shop: Shop, one: str) -> None:
    never = shop.release("never", READY=False)
    before = shop.pids()
    with Load(shop.port) as load:
        load.wait(50)
        with pytest.raises(RolloutError, match=f"did not get ready within 2 s(.|\n)*{one} serves again"):
            shop.roll_out(never, gate_seconds=2)
        load.wait(50)
    assert load.lost == []
    assert set(load.answers) == {one}, "a visitor met a release that was not ready"
    assert each_effect_once(shop, load)
    assert shop.pids() == before
    assert shop.last().outcome == "undone"


@pytest.mark.slow
def test_release_that_fails_after_the_switch_is_reverted(shop: Shop, one: str) -> None:
    fails = shop.release("fails", FAILS=True)
    with Load(shop.port) as load:
        load.wait(50)
        done = shop.ecluse("deploy", "local", "--release", fails, check=False)
        lost = len(load.lost)
        load.wait(100)
    assert done.returncode == RolloutError.exit_code
    assert "did not do well after the switch" in done.output and f"{one} serves again" in done.output
    # Its pages were errors while it served; none was cut off, and none is one now that it does not serve any more.
    assert all("status 500" in request for request in load.lost)
    assert len(load.lost) == lost
    assert each_effect_once(shop, load)
    assert shop.status()["serving"] == one


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("version", "behaviour", "rate", "limits", "reason"),
    [
        ("slow", {"SLOW": 4}, 6, Watch(seconds=14, slower=1.2), r"95 % of the answers took up to \d"),
        # More than a tenth of the answers have to be errors before these alone undo a rollout.
        ("partly", {"FAILS": 10}, 40, Watch(seconds=4, error_share=0.1, more_errors=0.02), "before the switch 0.0%"),
    ],
)
def test_release_that_does_worse_than_before_is_reverted(
    shop: Shop, one: str, version: str, behaviour: dict[str, object], rate: float, limits: Watch, reason: str
) -> None:
    worse = shop.release(version, **behaviour)  # type: ignore[arg-type]
    with Load(shop.port, rate=rate, slow=False) as load:
        load.wait(60)
        with pytest.raises(RolloutError, match=rf"does worse than the one before: .*{reason}(.|\n)*{one} serves again"):
            shop.roll_out(worse, watch=limits)
        lost = len(load.lost)
        load.wait(50)
    assert len(load.lost) == lost and all("status 500" in request for request in load.lost)
    assert shop.status()["serving"] == one


@pytest.mark.slow
def test_release_whose_processes_die_is_reverted(shop: Shop, one: str) -> None:
    dies = shop.release("dies", DIES=0.3)
    with Load(shop.port) as load:
        load.wait(50)
        done = shop.ecluse("deploy", "local", "--release", dies, check=False)
        lost = len(load.lost)
        load.wait(100)
    assert done.returncode == RolloutError.exit_code
    assert "its processes ended and were started again" in done.output
    # What a dying process was at is lost; but nobody was ever refused, and once it is out nothing is lost.
    assert not [request for request in load.lost if "Refused" in request]
    assert len(load.lost) == lost
    assert set(shop.effects().values()) <= {1}
    assert shop.status()["serving"] == one


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "behaviour", "code", "reason"),
    [
        ("checks", {"CHECKS": False}, 11, "shop.E001"),
        ("breaks", {"migration": "migrations.RunSQL('SELECT 1 / (0 * id) FROM shop_effect')"}, 6, "division by zero"),
    ],
)
def test_release_that_fails_before_its_start_costs_no_request(
    shop: Shop, one: str, version: str, behaviour: dict[str, object], code: int, reason: str
) -> None:
    release = shop.release(version, **behaviour)  # type: ignore[arg-type]
    before = shop.pids()
    with Load(shop.port) as load:
        load.wait(50)
        done = shop.ecluse("deploy", "local", "--release", release, check=False)
        load.wait(50)
    assert (done.returncode, load.lost) == (code, [])
    assert reason in done.output and f"{one} still serves" in done.output
    assert shop.pids() == before
