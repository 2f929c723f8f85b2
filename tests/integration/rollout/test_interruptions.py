"""A deployer that goes away, at whatever point, leaves a site that serves; the next command finishes or undoes what
it left.
"""

from __future__ import annotations

import signal
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from ecluse.errors import Interrupted, LockHeld
from testbed.load.visitors import Load
from testbed.shop import Shop
from testbed.waiting import until

# The step to be at, and the seconds to be in it: replacing is starting, gating, opening and draining. One before the
# switch and one after it stand for all where not every one is asked for.
MOMENTS = [
    pytest.param("stage", 0.0, marks=pytest.mark.exhaustive),
    pytest.param("preflight", 0.1, marks=pytest.mark.exhaustive),
    pytest.param("migrate", 0.1, marks=pytest.mark.exhaustive),
    pytest.param("replace", 0.0, marks=pytest.mark.exhaustive),
    pytest.param("replace", 0.3, marks=pytest.mark.exhaustive),
    pytest.param("replace", 0.8),
    pytest.param("replace", 1.4, marks=pytest.mark.exhaustive),
    pytest.param("watch", 0.0, marks=pytest.mark.exhaustive),
    pytest.param("watch", 0.5),
]


@pytest.mark.parametrize(("step", "seconds"), MOMENTS)
def test_killed_deployer_loses_no_request_and_is_recovered(
    shop: Shop, one: str, two: str, step: str, seconds: float
) -> None:
    release = two
    if step == "migrate":
        release = shop.release("slowly", migration="migrations.RunSQL('SELECT pg_sleep(1)')")
    with Load(shop.port) as load:
        load.wait(20)
        deployer = shop.begin("deploy", "local", "--release", release)
        until(lambda: shop.step() == step or deployer.poll() is not None, f"the step {step}", seconds=300)
        time.sleep(seconds)  # within the step: this is the moment that is tested, not something waited for
        shop.kill(deployer)
        left = shop.step()
        load.wait(20)
        done = shop.ecluse("deploy", "local", "--release", release)
        load.wait(20)
    assert load.lost == []
    assert set(shop.effects().values()) <= {1}
    assert shop.step() is None
    status = shop.status()
    assert (status["serving"], status["healthy"], len(status["processes"])) == (release, True, 2)
    if left is not None:
        assert "that was interrupted is" in done.output
        assert ("finished" in done.output) == (left == "watch")


def test_deployer_killed_while_draining_leaves_room_to_go_back(shop: Shop, one: str, two: str) -> None:
    address = f"http://127.0.0.1:{shop.port}/?seconds=6"
    with ThreadPoolExecutor() as visitors:
        slow = [visitors.submit(urllib.request.urlopen, address, timeout=60) for _ in range(8)]
        deployer = shop.begin("deploy", "local", "--release", two)
        until(lambda: {one_of["release"] for one_of in shop.status()["processes"]} == {two}, "the old ones' end")
        assert shop.step() == "replace"
        shop.kill(deployer)
        # Every slot is taken: two serve, and two are still ending.
        done = shop.ecluse("deploy", "local", "--release", two)
        assert [visit.result().status for visit in slow] == [200] * 8
    assert f"that was interrupted is undone; release {one} serves" in done.output
    assert (shop.status()["serving"], shop.step()) == (two, None)


def test_a_rollback_after_an_interruption_ends_it_first(shop: Shop, one: str, two: str) -> None:
    shop.ecluse("deploy", "local", "--release", two)
    three = shop.release("three")
    deployer = shop.begin("deploy", "local", "--release", three)
    until(lambda: shop.step() == "replace", "the step replace")
    shop.kill(deployer)
    done = shop.ecluse("rollback", "local")
    assert f"the rollout of {three} that was interrupted is undone; release {two} serves" in done.output
    assert shop.status()["serving"] == one


def test_ctrl_c_undoes_and_says_what_serves(shop: Shop, one: str, two: str) -> None:
    log = shop.folder / ".ecluse" / "begun.log"
    with Load(shop.port) as load:
        load.wait(20)
        deployer = shop.begin("deploy", "local", "--release", two)
        until(lambda: shop.step() == "replace", "the step replace")
        deployer.send_signal(signal.SIGINT)
        assert deployer.wait(60) == Interrupted.exit_code
        load.wait(20)
    assert load.lost == []
    assert f"the rollout was stopped during replace; release {one} serves again" in log.read_text()
    assert (shop.status()["serving"], shop.step()) == (one, None)


def test_second_deployer_is_told_who_the_first_is(shop: Shop, one: str, two: str) -> None:
    first = shop.begin("deploy", "local", "--release", two)
    until(lambda: shop.step() is not None, "the first rollout")
    second = shop.ecluse("deploy", "local", "--release", one, check=False)
    assert first.wait(60) == 0
    assert second.returncode == LockHeld.exit_code
    assert f"process {first.pid}" in second.output and f"deploy of {two}" in second.output
    assert shop.status()["serving"] == two


@pytest.mark.slow
def test_a_rollout_whose_lock_is_taken_away_stops_and_undoes(shop: Shop, one: str, two: str) -> None:
    first = shop.begin("deploy", "local", "--release", two)
    until(lambda: shop.step() == "preflight", "the first rollout")
    assert shop.ecluse("unlock", "local", check=False).returncode == LockHeld.exit_code
    shop.ecluse("unlock", "local", "--force")
    assert first.wait(60) != 0
    shop.ecluse("deploy", "local", "--release", one)
    assert (shop.status()["serving"], shop.status()["healthy"]) == (one, True)
