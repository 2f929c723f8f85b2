"""A deployer that goes away, at whatever point, leaves a swarm that serves; the next command finishes or undoes."""

from __future__ import annotations

import signal
import time

import pytest

from testbed.containers import await_
from testbed.load.visitors import Load
from testbed.swarm import unharmed

pytestmark = pytest.mark.engine

# The step to be at, and the seconds to be in it: replacing is worker, web task by task, and beat.
MOMENTS = [
    ("stage", 0.0),
    ("stage", 1.0),
    ("preflight", 0.0),
    ("preflight", 2.0),
    ("migrate", 0.0),
    ("migrate", 2.0),
    ("replace", 0.0),
    ("replace", 2.0),
    ("replace", 5.0),
    ("replace", 8.0),
    ("replace", 11.0),
    ("watch", 0.0),
    ("watch", 0.5),
    ("watch", 1.2),
]
IN_SHORT = ("replace", 2.0)


@pytest.mark.parametrize(
    ("step", "seconds"),
    [one if one == IN_SHORT else pytest.param(*one, marks=pytest.mark.exhaustive) for one in MOMENTS],
)
def test_killed_rollout_is_ended_by_the_next_command(shop, one, two, step, seconds):
    release = two
    if step == "migrate":  # one each: it is applied once
        name = f"migrates{seconds:.0f}"
        release = shop.release(name, migration="migrations.RunSQL('SELECT pg_sleep(3)')")
    with Load(shop.port) as load:
        deployer = shop.begin("deploy", "staging", "--release", release)
        await_(lambda: shop.step() == step or deployer.poll() is not None, f"the rollout is at {step}", 120)
        time.sleep(seconds)  # within the step: this is the moment that is tested, not something waited for
        deployer.send_signal(signal.SIGKILL)
        deployer.wait()
        left = shop.step()
        load.wait(100)
        done = shop.ecluse("deploy", "staging", "--release", one)
        load.wait(100)
    unharmed(shop, load)
    if left is not None:
        assert "that was interrupted is" in done.output
        assert ("finished" in done.output) == (left in ("watch", "record"))
    assert shop.images("web") == shop.images("worker") == shop.images("beat") == {one}
    assert shop.status()["healthy"] and shop.status()["interrupted"] is None
    assert shop.services() == {"web", "worker", "beat", "front", "db"}, "what it did once has been cleared away"


@pytest.mark.exhaustive
def test_killed_undo_is_completed_by_the_next_command(shop, one):
    with Load(shop.port) as load:
        deployer = shop.begin("deploy", "staging", "--release", shop.release("never", READY=False))
        await_(lambda: shop.step() == "undo", "the rollout is undone", 240)
        deployer.send_signal(signal.SIGKILL)
        deployer.wait()
        load.wait(100)
        done = shop.ecluse("rollback", "staging", check=False)
        load.wait(100)
    unharmed(shop, load)
    assert "that was interrupted is undone" in done.output
    assert shop.status()["healthy"] and shop.status()["interrupted"] is None


@pytest.mark.exhaustive
def test_ctrl_c_undoes_and_says_what_serves(shop, one, two):
    with Load(shop.port) as load:
        deployer = shop.begin("deploy", "staging", "--release", two)
        await_(lambda: shop.step() == "replace", "it is being replaced", 120)
        deployer.send_signal(signal.SIGINT)
        assert deployer.wait(240) == 130
        load.wait(100)
    unharmed(shop, load)
    assert "the rollout was stopped during replace; release " in shop.said() and "serves again" in shop.said()
    assert shop.images("web") == shop.images("worker") == shop.images("beat") == {one}
    assert shop.status()["healthy"] and shop.status()["interrupted"] is None


@pytest.mark.exhaustive
def test_held_lock_is_removed_only_by_force_and_its_holder_stops(shop, one, two):
    with Load(shop.port) as load:
        deployer = shop.begin("deploy", "staging", "--release", two)
        await_(lambda: shop.step() == "preflight", "the rollout is under way", 120)
        refused = shop.ecluse("unlock", "staging", check=False)
        shop.ecluse("unlock", "staging", "--force")
        assert deployer.wait(240) == 7
        done = shop.ecluse("deploy", "staging", "--release", one)
        load.wait(100)
    unharmed(shop, load)
    assert refused.returncode == 7 and f"(process {deployer.pid})" in refused.output
    assert "that was interrupted is" in done.output
    assert shop.images("web") == {one}
