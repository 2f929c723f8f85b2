"""A machine whose disk is full: no room for the next release, or for anything, in the middle of a rollout to it."""

from __future__ import annotations

import pytest

from testbed.containers import await_, docker
from testbed.hosts import hosts
from testbed.load.visitors import Load
from testbed.swarm import base_images, once

pytestmark = [pytest.mark.engine, pytest.mark.exhaustive]

BALLAST = "/var/lib/docker/ballast"


@pytest.fixture(scope="module")
def machine(engine, tmp_path_factory):
    base_images()
    with hosts(tmp_path_factory.mktemp("machine"), 1, disk="3g") as found:
        found.keep_state(0)
        yield found


@pytest.fixture(scope="module")
def shops(machine, tmp_path_factory):
    return machine.shop(tmp_path_factory.mktemp("shop") / "shop")


@pytest.fixture
def shop(shops):
    shops.ecluse("deploy", "staging", "--release", shops.release("one"))
    return shops


@pytest.fixture
def one(shop):
    return shop.release("one")


def fill(machine):
    """Write until nothing fits any more."""
    written = f"dd if=/dev/zero bs=$size oflag=append conv=notrunc status=none of={BALLAST}"
    script = f"for size in 1M 4k 1; do {written}; done"
    docker("exec", machine.names[0], "sh", "-c", script, check=False)


def clear(machine):
    docker("exec", machine.names[0], "rm", "--force", BALLAST)


def served(shop, load):
    """PostgreSQL is on the same disk: what writes may be told that it cannot. Nobody else is; no connection is cut."""
    assert all("POST" in one and "status 50" in one for one in load.lost), load.lost
    once(shop, load)


def test_release_too_large_for_the_disk_costs_no_request(machine, shop, one):
    two = shop.release("two")
    with Load(shop.port, host=shop.address) as load:
        load.wait(100)
        fill(machine)
        try:
            done = shop.ecluse("deploy", "staging", "--release", two, check=False)
        finally:
            clear(machine)
        load.wait(100)
    served(shop, load)
    # The swarm says as little of why it could not pull an image as of what else it has no room for.
    assert done.returncode == 10 and "has it room?" in done.output, done.output
    assert shop.images("web") == {one} and shop.status()["healthy"]
    shop.ecluse("deploy", "staging", "--release", two)
    assert shop.images("web") == {two}


def test_full_disk_at_the_switch_leaves_one_release_serving(machine, shop, one):
    two = shop.release("three")
    with Load(shop.port, host=shop.address) as load:
        load.wait(100)
        deployer = shop.begin("deploy", "staging", "--release", two)
        await_(lambda: shop.step() == "replace" or deployer.poll() is not None, "it is being replaced", 180)
        fill(machine)
        try:
            code = deployer.wait(400)
        finally:
            clear(machine)
        done = shop.ecluse("deploy", "staging", "--release", two)
        await_(lambda: shop.status()["healthy"], "a healthy release", 120)
        lost = len(load.lost)
        load.wait(200)
    served(shop, load)
    assert len(load.lost) == lost, "it goes on losing requests"
    said = shop.said()
    # Going back takes room, too. Then both serve, and the next command goes on from there.
    assert "Traceback" not in said and (code == 0 or "serves again" in said or "what serves now: " in said), said
    assert shop.images("web") == {two}, done.output
