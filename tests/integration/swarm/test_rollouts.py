"""Rollouts to a swarm of one node while visitors come: none of them notices, whatever becomes of the rollout."""

from __future__ import annotations

import json

import pytest

from testbed.containers import await_
from testbed.load.visitors import Load
from testbed.swarm import once, unharmed

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("long", [False, pytest.param(True, marks=pytest.mark.exhaustive)])
def test_rollout_and_rollback_lose_no_request(shop, one, two, long):
    front = shop.tasks("front")
    with Load(shop.port, long=long) as load:
        load.wait(200)
        record = json.loads(
            shop.ecluse("deploy", "staging", "--release", two, "--json").output.partition("{")[2].join(["{", ""])
        )
        assert (record["outcome"], record["serving"]) == ("succeeded", record["release"])
        assert record["release"].startswith(two.removeprefix("sha256:")[:12])
        assert {service: shop.images(service) for service in ("web", "worker", "beat")} == {
            "web": {two}, "worker": {two}, "beat": {two},
        }  # fmt: skip
        load.wait(200)
        shop.ecluse("rollback", "staging")
        assert shop.images("web") == shop.images("worker") == shop.images("beat") == {one}
        load.wait(200)
    unharmed(shop, load)
    assert len(load.answers) == 2, "both releases have answered"
    assert shop.tasks("front") == front, "the front server is no part of a release"
    assert [shop.last()[name] for name in ("kind", "outcome")] == ["rollback", "succeeded"]


def test_unready_release_leaves_the_old_one_serving(shop, one):
    with Load(shop.port) as load:
        load.wait(100)
        done = shop.ecluse("deploy", "staging", "--release", shop.release("never", READY=False), check=False)
        load.wait(100)
    assert done.returncode == 6
    assert "web of release" in done.output and "does not start" in done.output
    assert "not ready yet: /readiness/ says 503" in done.output, "what it said itself"
    unharmed(shop, load)
    assert len(load.answers) == 1, "it has answered nobody"
    assert shop.images("web") == shop.images("worker") == shop.images("beat") == {one}
    status = shop.status()
    assert status["healthy"] and status["serving"].startswith(one.removeprefix("sha256:")[:12])
    assert shop.last()["outcome"] == "undone"


def test_failing_release_is_undone_at_its_first_errors(shop, one):
    old = shop.tasks("web")
    with Load(shop.port) as load:
        load.wait(100)
        done = shop.ecluse("deploy", "staging", "--release", shop.release("fails", FAILS=True), check=False)
        lost = len(load.lost)
        load.wait(200)
    met = [answer.ended for answer in load.seen if answer.lost is not None]
    print(f"{lost} of {len(load.seen)} requests met errors, in {max(met) - min(met):.1f} s")
    assert done.returncode == 6 and "serves again" in done.output and len(load.lost) == lost
    assert all("status 500" in error for error in load.lost), load.lost
    # On a machine that is busy elsewhere, the second task may be replaced before the errors of the first are read.
    if "did not do well after the switch: " not in done.output:
        assert "web of release" in done.output and "does not do well: " in done.output
        assert shop.tasks("web") & old, "a task of the old release has served all the time"
    once(shop, load)
    assert shop.images("web") == shop.images("worker") == shop.images("beat") == {one}


@pytest.mark.exhaustive
def test_canary_that_fails_costs_a_small_share_of_visitors(shop, one):
    old = shop.tasks("web")
    with Load(shop.port) as load:
        load.wait(100)
        release = shop.release("fails", FAILS=True)
        done = shop.ecluse("deploy", "staging", "--release", release, check=False, SHOP_CANARY="20")
        lost = len(load.lost)
        load.wait(200)
    assert lost > 0, done.output
    print(f"{lost} of {len(load.seen)} requests met errors\n{done.output}")
    assert done.returncode == 6 and "the canary of release" in done.output and "serves again" in done.output
    failed = [one.due for one in load.seen if one.lost is not None]
    meanwhile = [one for one in load.seen if min(failed) <= one.due <= max(failed)]
    # The share is a tenth; how long a failing canary answers depends on the machine, and few requests vary much.
    assert len(failed) <= max(12, len(meanwhile) / 4), f"{len(failed)} of {len(meanwhile)}"
    assert len(failed) == lost, "no error after the rollout had ended"
    assert all("status 500" in error for error in load.lost), load.lost
    assert shop.tasks("web") == old, "every task of the old release has served all the time"
    assert "web-canary" not in shop.services()
    once(shop, load)


@pytest.mark.exhaustive
def test_canary_that_does_well_is_followed_by_the_others(shop, two):
    with Load(shop.port) as load:
        load.wait(100)
        done = shop.ecluse("deploy", "staging", "--release", shop.release("three"), SHOP_CANARY="5")
        load.wait(100)
    print(f"{len(load.seen)} requests\n{done.output}")
    unharmed(shop, load)
    assert "the canary gave " in done.output and "the canary gave 0 answers" not in done.output
    assert "web-canary" not in shop.services() and shop.images("web") == {shop.release("three")}


APART = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
"""A container as a CI has it: the same host name, other numbers of processes."""


@pytest.mark.parametrize("within", [(), pytest.param(APART, marks=pytest.mark.exhaustive)])
def test_second_deployer_is_told_who_the_first_is(shop, two, within):
    first = shop.begin("deploy", "staging", "--release", two, within=within)
    try:
        await_(lambda: shop.step() is not None, "the first one has begun", 60)
        second = shop.ecluse("deploy", "staging", "--release", two, check=False)
    finally:
        assert first.wait(300) == 0
    assert second.returncode == 7
    assert within or f"(process {first.pid})" in second.output
    assert "another rollout is under way" in second.output and "deploy of" in second.output
    assert shop.images("web") == {two}
