"""Three machines in one swarm, reached by SSH."""

from __future__ import annotations

import json

import pytest

from tests.support.containers import await_, docker
from tests.support.hosts import hosts
from tests.support.load import Load
from tests.support.swarm import FRONT, SwarmShop, base_images

pytestmark = [pytest.mark.engine, pytest.mark.exhaustive]

DATABASE = "postgres:18-trixie"


@pytest.fixture(scope="module")
def machines(engine, tmp_path_factory):
    base_images()
    with hosts(tmp_path_factory.mktemp("machines"), 3) as found:
        for image, name in ((FRONT, "front"), (DATABASE, "postgres")):
            docker("tag", image, f"{found.pushed_to}/{name}:1")
            docker("push", "--quiet", f"{found.pushed_to}/{name}:1")
        yield found


@pytest.fixture(scope="module")
def shop(machines, tmp_path_factory):
    shop = SwarmShop(
        tmp_path_factory.mktemp("shop") / "shop",
        machines.pushed_to,
        pulled_from=machines.registry,
        host=machines.url,
        address=machines.addresses[0],
        inside=machines.names[0],
        STAGING_SSH_KEY=machines.key,
        STAGING_SSH_KNOWN_HOSTS=machines.known_hosts,
        SHOP_FRONT=f"{machines.registry}/front:1",
        SHOP_DATABASE=f"{machines.registry}/postgres:1",
        SHOP_REPLICAS="3",
    )
    done = shop.ecluse("deploy", "staging", "--release", shop.release("one"), check=False)
    assert done.returncode == 10 and "docker node update --label-add ecluse.state=true NODE" in done.output
    manager = machines.inside("node", "ls", "--filter", "role=manager", "--quiet")
    machines.inside("node", "update", "--label-add", "ecluse.state=true", manager)
    return shop


@pytest.fixture
def one(shop):
    shop.ecluse("deploy", "staging", "--release", shop.release("one"))
    return shop.release("one")


def test_a_rollout_across_them_loses_no_request(machines, shop, one):
    two = shop.release("two")
    with Load(shop.port, host=shop.address) as load:
        load.wait(200)
        shop.ecluse("deploy", "staging", "--release", two)
        load.wait(200)
    assert load.lost == []
    effects = shop.effects()
    assert [token for token in load.effects if effects.get(token) != 1] == [] and max(effects.values()) == 1
    assert {one["node"] for one in shop.status()["processes"] if one["task"].startswith("web.")} == {
        name[:12] for name in machines.names
    }, "the swarm uses all of them"
    assert shop.images("web") == {two}


def test_a_machine_that_dies_in_the_middle_costs_what_it_was_answering_and_no_more(machines, shop, one):
    three = shop.release("three")
    with Load(shop.port, host=shop.address) as load:
        load.wait(100)
        deployer = shop.begin("deploy", "staging", "--release", three)
        await_(lambda: shop.step() == "replace", "it is being replaced", 180)
        docker("kill", machines.names[2])
        deployer.wait(400)
        load.wait(100)
    # A POST that the machine was answering may have had its effect: nobody can know, and nobody sends it again.
    assert all("POST" in lost and "502" in lost for lost in load.lost) and len(load.lost) <= 16, load.lost
    effects = shop.effects()
    assert [token for token in load.effects if effects.get(token) != 1] == [] and max(effects.values()) == 1
    done = shop.ecluse("deploy", "staging", "--release", three, "--json")
    assert json.loads(done.output[done.output.index("{") :])["serving"].startswith(three[7:19])
    assert shop.status()["healthy"]
    assert {one["node"] for one in shop.status()["processes"]} <= {name[:12] for name in machines.names[:2]}
