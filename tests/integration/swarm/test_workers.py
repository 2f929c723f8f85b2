"""Workers beside the site in a swarm: a rollout loses no task and does none twice, and of beat there is one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ecluse import probes
from testbed.containers import await_, docker, free_port
from testbed.load.census import Census, send_during
from testbed.swarm import SwarmShop, base_images

pytestmark = [pytest.mark.slow, pytest.mark.engine, pytest.mark.exhaustive]

TASKS = 500
WAIT = ["ecluse", "wait", "DATABASE_URL", "CELERY_BROKER_URL", "--"]
# As the site's own, in docker-compose.live.yml.
ALIVE = {
    "test": ["CMD", "test", "-e", "/tmp/alive"],
    "interval": "30s",
    "start_period": "60s",
    "start_interval": "500ms",
}


@pytest.fixture
def working(swarm: None, registry: str) -> Iterator[tuple[SwarmShop, str]]:
    """A shop with a worker and a beat, release "one" serving; and the address of its broker."""
    base_images()
    with tempfile.TemporaryDirectory(prefix="ecluse-swarm-") as folder:
        shop, port = SwarmShop(Path(folder).resolve(), registry), free_port()
        give_work(shop.folder / "docker-compose.live.yml", port)
        shop.commit("work in the background")
        try:
            shop.ecluse("deploy", "staging", "--release", shop.release("one"))
            broker = f"amqp://guest:guest@127.0.0.1:{port}//"
            probes.wait([broker], timeout=120)
            yield shop, broker
        finally:
            shop.remove()


def give_work(stack: Path, port: int) -> None:
    """Make the *stack*'s worker and beat Celery's, and add a broker, which the tests reach at *port*."""
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    found = yaml.load(stack)
    services = found["services"]
    for name, arguments in (("worker", ["worker", "--concurrency", "2"]), ("beat", ["beat", "-s", "/tmp/schedule"])):
        services[name] |= {
            "command": [*WAIT, "celery", "--app", "shop", *arguments, "--loglevel", "INFO"],
            "healthcheck": ALIVE,
            "stop_grace_period": "70s",
        }
    for name in ("web", "worker", "beat"):
        services[name]["environment"] |= {"CELERY_BROKER_URL": "amqp://guest:guest@rabbitmq:5672//"}
    services["rabbitmq"] = {
        "image": "rabbitmq:4",
        "init": True,
        "hostname": "rabbitmq",
        # Guests may come from elsewhere: nobody else is on this network.
        "environment": {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-rabbit loopback_users []"},
        "networks": ["site"],
        "ports": [{"target": 5672, "published": port, "mode": "host"}],
        "deploy": {"replicas": 1, "endpoint_mode": "dnsrr", "update_config": {"order": "stop-first"}},
    }
    yaml.dump(found, stack)


def test_tasks_in_a_rollout_run_once_and_beat_is_never_double(
    working: tuple[SwarmShop, str],
) -> None:
    shop, broker = working
    two = shop.release("two")
    with Census(lambda: len(beats(shop)), 0.1) as census:
        rollout = shop.begin("deploy", "staging", "--release", two)
        send_during(rollout, broker, TASKS, 0.05)
        assert rollout.wait() == 0, (shop.folder / ".ecluse" / "begun.log").read_text()
        await_(lambda: effects(shop) == TASKS, f"{TASKS} effects", 120)
    assert shop.query("SELECT token FROM shop_effect GROUP BY token HAVING count(*) > 1") == ""
    assert census.most == 1
    assert {service: shop.images(service) for service in ("web", "worker", "beat")} == {
        "web": {two}, "worker": {two}, "beat": {two},
    }  # fmt: skip
    # The worker that left has done some of it, and so has the one that came.
    logs = [docker("logs", name, check=False) for name in workers(shop)]
    assert len(logs) == 2 and all("succeeded" in log.stdout + log.stderr for log in logs)


def beats(shop: SwarmShop) -> list[str]:
    """The containers of the beats that run."""
    running = ("ps", "--quiet", "--filter", f"name={shop.stack}_beat.", "--filter", "status=running")
    return docker(*running).stdout.split()


def effects(shop: SwarmShop) -> int:
    """The number of tokens that were written."""
    return int(shop.query("SELECT count(DISTINCT token) FROM shop_effect"))


def workers(shop: SwarmShop) -> list[str]:
    """The containers of all workers, those that ended as well."""
    return docker("ps", "--all", "--quiet", "--filter", f"name={shop.stack}_worker.").stdout.split()
