"""docs/how-to/keep-a-swarm-running.md, followed on three machines while visitors come."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ecluse.machine import process
from testbed.containers import await_, docker
from testbed.hosts import Hosts, hosts
from testbed.load.visitors import Load
from testbed.swarm import SwarmShop, base_images, once

pytestmark = [pytest.mark.engine, pytest.mark.exhaustive]

MANAGER, STATE, OTHER = range(3)

FIRST, SECOND = "postgres:of-the-first-day", "postgres_b:of-the-second-day"
"""The accounts of the database that the site has, one after the other."""


@pytest.fixture(scope="module")
def machines(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    base_images()
    with hosts(tmp_path_factory.mktemp("machines"), 3) as found:
        yield found


@pytest.fixture(scope="module")
def shop(machines: Hosts, tmp_path_factory: pytest.TempPathFactory) -> SwarmShop:
    """The shop on two tasks of web, its database and its front server on machines that labels name."""
    shop = machines.shop(tmp_path_factory.mktemp("shop") / "shop", state=STATE)
    file = shop.folder / "docker-compose.live.yml"
    before, front, after = file.read_text().partition("  front:\n")
    content = before + front + after.replace("ecluse.state", "ecluse.front", 1)
    content = content.replace("POSTGRES_HOST_AUTH_METHOD: trust", "POSTGRES_PASSWORD: of-the-first-day")
    file.write_text(content.replace("//postgres@/", f"//{FIRST}@/"))
    machines.keep_state(STATE)
    machines.inside("node", "update", "--label-add", "ecluse.front=true", name(machines, STATE))
    shop.ecluse("deploy", "staging", "--release", shop.release("one"))
    return shop


def name(machines: Hosts, number: int) -> str:
    return machines.names[number][:12]


def web(shop: SwarmShop) -> list[str]:
    """The machines with a task of web that serves, once for each task."""
    found = [one for one in shop.status()["processes"] if one["task"].startswith("web.") and one["ready"]]
    return sorted(one["node"] for one in found)


@contextmanager
def visited(shop: SwarmShop, what: str, most: int = 0) -> Iterator[None]:
    """Visitors come while *what* is done, and at most *most* of their requests are lost; none has its effect twice."""
    began = time.monotonic()
    with Load(shop.port, host=shop.address) as load:
        load.wait(50)
        yield
        load.wait(100)
    print(f"{what}: {len(load.lost)} of {len(load.seen)} requests lost, {time.monotonic() - began:.0f} s")
    assert len(load.lost) <= most, (what, load.lost)
    once(shop, load)


def test_scaling_web_costs_no_request(machines: Hosts, shop: SwarmShop) -> None:
    with visited(shop, "scale by hand"):
        machines.inside("service", "scale", f"{shop.stack}_web=3")
        await_(lambda: len(web(shop)) == 3, "three tasks serve", 120)
        assert any("changed by hand from 2" in line for line in shop.status()["drift"])
        machines.inside("service", "scale", f"{shop.stack}_web=2")
    with visited(shop, "ecluse scale"):
        shop.ecluse("scale", "staging", "web=3")
        assert len(web(shop)) == 3 and not shop.status()["drift"]
        shop.ecluse("deploy", "staging", "--release", shop.release("two"))
        assert len(web(shop)) == 3, "a rollout keeps the number"
        assert "given by ecluse scale" not in shop.ecluse("scale", "staging", "web=default").output
    with visited(shop, "scale by the file"):
        shop.ecluse("deploy", "staging", "--release", shop.release("one"), SHOP_REPLICAS="3")
        assert len(set(web(shop))) == 3
        shop.ecluse("deploy", "staging", "--release", shop.release("one"))
    assert len(set(web(shop))) == 2, "two tasks are on two machines"


@pytest.mark.parametrize(("number", "most"), [(OTHER, 0), (MANAGER, 200)])
def test_drained_engine_restart_costs_no_request(machines: Hosts, shop: SwarmShop, number: int, most: int) -> None:
    node = name(machines, number)
    with visited(shop, f"drain, restart and return of machine {number}", most):
        machines.inside("node", "update", "--availability", "drain", node)
        await_(lambda: len(web(shop)) == 2 and node not in web(shop), "its tasks run elsewhere", 180)
        machines.restart_engine(number)
        await_(lambda: machines.inside("node", "ls", check=False).count("Ready") == 3, "it is back", 120)
        machines.inside("node", "update", "--availability", "active", node)
    shop.ecluse("deploy", "staging", "--release", shop.release("two"))
    assert len(set(web(shop))) == 2


def test_machine_that_leaves_and_joins_costs_no_request(machines: Hosts, shop: SwarmShop) -> None:
    node = name(machines, OTHER)
    with visited(shop, "a machine leaves and joins", most=20):
        machines.inside("node", "update", "--availability", "drain", node)
        await_(lambda: len(web(shop)) == 2 and node not in web(shop), "its tasks run elsewhere", 180)
        machines.inside("swarm", "leave", number=OTHER)
        await_(lambda: "Down" in machines.inside("node", "ls"), "it has left", 60)
        machines.inside("node", "rm", node)
        token = machines.inside("swarm", "join-token", "--quiet", "worker")
        machines.inside("swarm", "join", "--token", token, f"{machines.addresses[MANAGER]}:2377", number=OTHER)
        shop.ecluse("deploy", "staging", "--release", shop.release("three"))
        for number in (MANAGER, STATE, OTHER):
            machines.inside("image", "prune", "--all", "--force", number=number)
        shop.ecluse("rollback", "staging")


def test_new_account_of_the_database_costs_no_request(machines: Hosts, shop: SwarmShop) -> None:
    with visited(shop, "another account of the database"):
        shop.query("CREATE ROLE postgres_b LOGIN PASSWORD 'of-the-second-day' IN ROLE postgres")
        shop.query("ALTER ROLE postgres_b SET role TO postgres")
        connect_as(shop, SECOND)
        shop.ecluse("deploy", "staging", "--release", shop.release("two"))
        shop.query("ALTER ROLE postgres PASSWORD 'nobody-has-it'")
    users = shop.query("SELECT DISTINCT usename FROM pg_stat_activity WHERE client_addr IS NOT NULL")
    assert users == "postgres_b"
    assert "No migrations to apply" in shop.ecluse("logs", "staging", "--of", "migrate").output


def test_database_moves_to_another_machine_behind_the_page(machines: Hosts, shop: SwarmShop) -> None:
    shop.query("INSERT INTO shop_effect (token) VALUES ('kept-over-a-move')")
    shop.ecluse("maintenance", "on", "staging")
    machines.inside("service", "scale", f"{shop.stack}_db=0")
    volume = f"{shop.stack}_db"
    image = machines.inside("service", "inspect", "--format", "{{.Spec.TaskTemplate.ContainerSpec.Image}}", volume)
    copies = ("run", "--rm", "--interactive", "--entrypoint", "tar", "--volume")
    source = ["docker", *copies, f"{volume}:/data", image, "-C", "/data", "-c", "."]
    target = ["docker", *copies, f"{volume}:/data", image, "-C", "/data", "-x"]
    there = f"docker exec {machines.names[STATE]} {' '.join(source)}"
    label = f"com.docker.stack.namespace={shop.stack}"
    machines.inside("volume", "create", "--label", label, volume, number=OTHER)
    here = f"docker exec -i {machines.names[OTHER]} {' '.join(target)}"
    process.run(("sh", "-ec", f"{there} | {here}"))
    machines.inside("node", "update", "--label-rm", "ecluse.state", name(machines, STATE))
    machines.inside("node", "update", "--label-add", "ecluse.state=true", name(machines, OTHER))
    machines.inside("service", "scale", f"{shop.stack}_db=1")
    await_(lambda: all(shop.status()["healthy"] for _ in range(4)), "the tasks of web reach the database", 120)
    shop.ecluse("maintenance", "off", "staging")
    shop._state = machines.names[OTHER]
    assert shop.effects()["kept-over-a-move"] == 1
    with visited(shop, "after the move of the database"):
        shop.ecluse("deploy", "staging", "--release", shop.release("two"))


def test_deleted_environment_leaves_nothing(machines: Hosts, shop: SwarmShop) -> None:
    shop.ecluse("stop", "staging")
    label = ("--quiet", "--filter", f"label=ecluse.environment={shop.stack}")
    for kind in ("config", "secret"):
        found = machines.inside(kind, "ls", *label).split()
        machines.inside(kind, "rm", *found)
    machines.inside("stack", "rm", shop.stack)
    of_stack = ("--quiet", "--filter", f"label=com.docker.stack.namespace={shop.stack}")
    for number in (MANAGER, STATE, OTHER):

        def left(number: int = number) -> list[str]:
            volumes = machines.inside("volume", "ls", *of_stack, number=number).split()
            return [one for one in volumes if not machines.inside("volume", "rm", one, number=number, check=False)]

        await_(lambda left=left: not left(), "its volumes are deleted", 60)  # type: ignore[misc]
    assert not machines.inside("network", "ls", *of_stack) and not machines.inside("config", "ls", *label)


def test_lost_manager_is_replaced_and_data_is_kept(machines: Hosts, shop: SwarmShop) -> None:
    connect_as(shop, FIRST)  # the environment was deleted, and its database begins anew
    shop.ecluse("deploy", "staging", "--release", shop.release("one"))
    shop.query("INSERT INTO shop_effect (token) VALUES ('kept-without-a-manager')")
    with Load(shop.port, host=shop.address) as load:
        load.wait(100)
        docker("kill", machines.names[MANAGER])
        load.wait(2000)
    print(f"the manager is lost: {len(load.lost)} of {len(load.seen)} requests lost")
    assert not [one for one in load.seen[-500:] if one.lost is not None], "the site goes on without a manager"
    for number in (STATE, OTHER):
        machines.inside("swarm", "leave", "--force", number=number)
    machines.inside("swarm", "init", "--advertise-addr", machines.addresses[STATE], number=STATE)
    token = machines.inside("swarm", "join-token", "--quiet", "worker", number=STATE)
    machines.inside("swarm", "join", "--token", token, f"{machines.addresses[STATE]}:2377", number=OTHER)
    for label, number in (("state", shop_state(machines, shop)), ("front", STATE)):
        machines.inside("node", "update", "--label-add", f"ecluse.{label}=true", name(machines, number), number=STATE)
    shop.environ["STAGING_DOCKER_HOST"] = f"ssh://deploy@{machines.addresses[STATE]}"
    shop._inside = machines.names[STATE]
    began = time.monotonic()
    shop.ecluse("deploy", "staging", "--release", shop.release("one"))
    print(f"deployed to the new swarm in {time.monotonic() - began:.0f} s")
    assert shop.effects()["kept-without-a-manager"] == 1
    with visited(shop, "after the loss of the manager"):
        shop.ecluse("deploy", "staging", "--release", shop.release("two"))


def connect_as(shop: SwarmShop, account: str) -> None:
    """Let the next release use *account* of the database."""
    file = shop.folder / "docker-compose.live.yml"
    file.write_text(re.sub(r"//postgres\w*:[\w-]+@/", f"//{account}@/", file.read_text()))


def shop_state(machines: Hosts, shop: SwarmShop) -> int:
    """The machine with the database."""
    return next(number for number in (STATE, OTHER) if machines.names[number] == shop._state)
