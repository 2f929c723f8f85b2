"""Releases, migrations and databases that fail a rollout to a swarm; and how the proof fails without its means."""

from __future__ import annotations

import pytest

from testbed.containers import await_, docker
from testbed.load.visitors import Load
from testbed.swarm import once, unharmed

pytestmark = [pytest.mark.engine, pytest.mark.exhaustive]


def as_it_was(shop, one, outcome):
    assert shop.images("web") == shop.images("worker") == shop.images("beat") == {one}
    status = shop.status()
    assert status["healthy"] and status["serving"].startswith(one[7:19]) and status["interrupted"] is None
    assert shop.last()["outcome"] == outcome


FAILS = "migrations.RunSQL('SELECT 1 / (0 * id) FROM shop_effect')"
"""A migration that fails where there are rows, which a rehearsal does not have."""


@pytest.mark.parametrize(
    ("version", "behaviour", "code", "reason", "outcome"),
    [
        ("checks", {"CHECKS": False}, 11, "shop.E001", "refused"),
        ("breaks", {"migration": FAILS}, 6, "division by zero", "failed"),
        ("drops", {"migration": "migrations.RunSQL('DROP TABLE shop_effect')"}, 11, "--allow-migration", "refused"),
    ],
)
def test_release_that_fails_before_its_start_costs_no_request(shop, one, version, behaviour, code, reason, outcome):
    release = shop.release(version, **behaviour)
    with Load(shop.port) as load:
        load.wait(100)
        done = shop.ecluse("deploy", "staging", "--release", release, check=False)
        load.wait(100)
    unharmed(shop, load)
    assert done.returncode == code and reason in done.output and "still serves" in done.output
    as_it_was(shop, one, outcome)


def test_migration_that_waits_for_a_lock_gives_up(shop, one):
    field = "models.CharField(max_length=9, null=True)"
    release = shop.release("waits", migration=f'migrations.AddField("effect", "waited", {field})')
    reads = "BEGIN; SELECT count(*) FROM shop_effect; SELECT pg_sleep(600)"
    shop.docker("exec", "--detach", shop.database(), "psql", "-U", "postgres", "-c", reads)
    reading = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()"
    await_(lambda: shop.query(reading), "a transaction is open")
    try:
        with Load(shop.port) as load:
            load.wait(100)
            done = shop.ecluse("deploy", "staging", "--release", release, check=False)
            load.wait(100)
    finally:
        shop.query(f"SELECT pg_terminate_backend(({reading}))")
    unharmed(shop, load)
    assert done.returncode == 6 and "lock timeout" in done.output and "still serves" in done.output
    assert shop.query("SELECT 1 FROM information_schema.columns WHERE column_name = 'waited'") == ""
    as_it_was(shop, one, "failed")


@pytest.mark.parametrize(
    ("version", "behaviour"), [("fails", {"FAILS": True}), ("dies", {"DIES": 0.5}), ("ends", {"ENDS": 0.5})]
)
def test_release_that_fails_after_the_switch_is_reverted(shop, one, version, behaviour):
    release = shop.release(version, **behaviour)
    with Load(shop.port) as load:
        load.wait(100)
        done = shop.ecluse("deploy", "staging", "--release", release, check=False)
        lost = len(load.lost)
        load.wait(200)
    assert done.returncode == 6 and "serves again" in done.output, done.output
    # Its pages were errors, and what it was at when it died is lost. Once it is out of service nothing is.
    assert len(load.lost) == lost
    assert not any("Refused" in one for one in load.lost), load.lost
    once(shop, load)
    as_it_was(shop, one, "undone")


def test_database_restart_in_a_rollout_costs_only_its_requests(shop, one, two):
    with Load(shop.port) as load:
        load.wait(100)
        deployer = shop.begin("deploy", "staging", "--release", two)
        await_(lambda: shop.step() == "replace" or deployer.poll() is not None, "it is being replaced", 120)
        docker("kill", shop.database())
        assert deployer.wait(400) in (0, 6), shop.said()
        await_(lambda: shop.status()["healthy"], "a healthy release", 120)
        lost = len(load.lost)
        load.wait(200)
    assert all("POST" in one and "status 500" in one for one in load.lost), load.lost
    assert len(load.lost) == lost, "it goes on losing requests"
    once(shop, load)
    last = shop.last()
    # Finished or undone, as the restart met it; and whole.
    assert last["outcome"] == ("succeeded" if deployer.returncode == 0 else "undone")
    assert last["serving"].startswith((two if deployer.returncode == 0 else one)[7:19])


def test_rollout_without_draining_loses_requests(shop, one, two):
    # What is over within two seconds a swarm waits for in any case, once it has taken the task's name away.
    with shop.edited("    stop_grace_period: 40s\n", "    stop_signal: SIGKILL\n"):
        shop.ecluse("deploy", "staging", "--release", one)
        with Load(shop.port, long=True) as load:
            load.wait(1000)
            shop.ecluse("deploy", "staging", "--release", two)
            load.wait(100)
    assert any("POST of ten seconds" in lost for lost in load.lost)


def test_rollout_without_the_gate_serves_an_unready_release(shop, one):
    never = shop.release("never", READY=False)
    with shop.edited("      test: [CMD, python, /app/ops/container/gate.py]\n", "      disable: true\n"):
        with Load(shop.port) as load:
            load.wait(100)
            done = shop.ecluse("deploy", "staging", "--release", never, check=False)
            load.wait(100)
    assert done.returncode == 6 and len(load.answers) == 2, "visitors have met a release that is not ready"
