"""The ways to roll the same release out on this machine: ours, and what a project would use instead. Each has two
releases, and knows how to bring one into service.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from ecluse.machine import process
from testbed.containers import answers, docker, free_port
from testbed.hosts import DATABASE
from testbed.shop import Shop
from testbed.swarm import FRONT, SwarmShop

__all__ = ["WAYS", "Compose", "OurServer", "OurSwarm", "Rollout", "Stack", "Way"]

PATIENCE = 180.0
REPLICAS = 2


class Way(Protocol):
    """*name* is what people call it. *front* says what stands before the processes. It answers at *address*:*port*."""

    name: str
    front: str
    address: str
    port: int

    def set_up(self) -> None:
        """Release "one" in service."""

    def bring(self, version: str) -> float:
        """Release *version* into service, as one would. Returns the seconds that it only looked on."""

    def back(self) -> float:
        """Back to release "one"."""

    def effects(self) -> Mapping[str, int]:
        """The number of times that each token was written."""

    def remove(self) -> None:
        """Leave nothing."""


class OurServer:
    name, front, address = "Écluse, server (no Docker)", "none", "127.0.0.1"

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._ids: dict[str, str] = {}

    def set_up(self) -> None:
        self._ids = {version: self._shop.release(version) for version in ("one", "two")}
        self._shop.ecluse("deploy", "local", "--release", self._ids["one"])
        self.port = self._shop.port

    def bring(self, version: str) -> float:
        self._shop.ecluse("deploy", "local", "--release", self._ids[version])
        return float(self._shop.last().steps["watch"])

    def back(self) -> float:
        self._shop.ecluse("rollback", "local")
        return float(self._shop.last().steps["watch"])

    def effects(self) -> Mapping[str, int]:
        return self._shop.effects()

    def remove(self) -> None:
        self._shop.close()


class OurSwarm:
    name, front, address = "Écluse, swarm of one node", "nginx", "127.0.0.1"

    def __init__(self, shop: SwarmShop) -> None:
        self._shop, self.port = shop, shop.port

    def set_up(self) -> None:
        self._shop.ecluse("deploy", "staging", "--release", self._shop.release("one"))

    def bring(self, version: str) -> float:
        self._shop.ecluse("deploy", "staging", "--release", self._shop.release(version))
        return float(self._shop.last()["steps"]["watch"])

    def back(self) -> float:
        self._shop.ecluse("rollback", "staging")
        return float(self._shop.last()["steps"]["watch"])

    def effects(self) -> Mapping[str, int]:
        return self._shop.effects()

    def remove(self) -> None:
        self._shop.ecluse("stop", "staging")


class _Images:
    """The same images, processes and database, without Écluse. *front*: the same nginx before them."""

    name, front, address = "", "nginx", "127.0.0.1"

    def __init__(self, folder: Path, images: Mapping[str, str]) -> None:
        self._folder, self._images = folder, images
        self.port = free_port()
        self.project = f"plain{os.getpid()}{type(self).__name__.lower()}"

    def content(self, version: str) -> dict[str, Any]:
        """The Compose file."""
        environment = {
            "DATABASE_URL": "postgres://postgres@/postgres?host=db",
            "DJANGO_SECRET_KEY": "only for a benchmark, 0123456789-0123456789-0123456789",
            "DJANGO_STATIC_ROOT": "/app/staticfiles",
            "ECLUSE_RELEASE": version,
            "WEB_CONCURRENCY": "2",
        }
        gunicorn = ["gunicorn", "--config", "/app/ops/container/gunicorn.conf.py", "shop.wsgi:application"]
        gate = {"interval": "2s", "start_interval": "500ms", "start_period": "60s"}
        return {
            "services": {
                "web": {
                    "image": self._images[version],
                    "command": ["ecluse", "wait", "DATABASE_URL", "--", *gunicorn],
                    "environment": environment,
                    "healthcheck": {"test": ["CMD", "python", "/app/ops/container/gate.py"], **gate},
                    "stop_grace_period": "40s",
                    "deploy": {"replicas": REPLICAS},
                },
                "db": {"image": DATABASE, "environment": {"POSTGRES_HOST_AUTH_METHOD": "trust"}},
                "front": {
                    "image": FRONT,
                    "environment": {"SITE": "web:8000"},
                    "ports": [{"target": 8080, "published": self.port, "host_ip": "127.0.0.1"}],
                },
            }
        }

    def file(self, version: str) -> str:
        path = self._folder / f"{self.project}.json"
        path.write_text(json.dumps(self.content(version)))
        return str(path)

    def back(self) -> float:
        return self.bring("one")

    def bring(self, version: str) -> float:
        raise NotImplementedError

    def effects(self) -> Mapping[str, int]:
        sql = "SELECT token, count(*) FROM shop_effect GROUP BY token"
        found = docker("exec", self._container("db"), "psql", "-U", "postgres", "-AtF", " ", "-c", sql).stdout
        return {token: int(count) for token, count in (line.split() for line in found.splitlines())}

    def _containers(self, service: str) -> list[str]:
        raise NotImplementedError

    def _container(self, service: str) -> str:
        return self._containers(service)[0]

    def _migrate(self) -> None:
        argv = ("ecluse", "wait", "DATABASE_URL", "--", "python", "manage.py", "migrate", "--no-input")

        def migrated() -> bool:
            # A swarm may end one that waits for its tables, and start another.
            return any(docker("exec", one, *argv, check=False).returncode == 0 for one in self._containers("web")[:1])

        _await(migrated, "the migrations")
        _await(lambda: sum(map(_healthy, self._containers("web"))) == REPLICAS, "healthy containers")
        _await(lambda: answers(f"http://127.0.0.1:{self.port}/")[0] == 200, "an answer")


class Compose(_Images):
    """``docker compose up -d`` with the new image."""

    name = "docker compose up -d"

    def set_up(self) -> None:
        self._compose("up", "--detach", version="one")
        self._migrate()

    def bring(self, version: str) -> float:
        self._compose("up", "--detach", version=version)
        return 0

    def remove(self) -> None:
        self._compose("down", "--volumes", "--timeout", "5", version="one")

    def _compose(self, *arguments: str, version: str) -> str:
        argv = ("docker", "compose", "--project-name", self.project, "--file", self.file(version), *arguments)
        return process.run(argv).output

    def _containers(self, service: str) -> list[str]:
        labels = (f"com.docker.compose.project={self.project}", f"com.docker.compose.service={service}")
        return docker("ps", "--quiet", *(f"--filter=label={label}" for label in labels)).stdout.split()


class Rollout(Compose):
    """A rollout as ``docker rollout web`` makes it, by its documentation (https://docker-rollout.wowu.dev): twice as
    many, wait until the new ones are healthy, remove the old ones. Draining is an option there, for proxies that ask
    for health.
    """

    name = "docker-rollout's method"

    def bring(self, version: str) -> float:
        old = self._containers("web")
        scale = f"--scale=web={2 * len(old)}"
        self._compose("up", "--detach", "--no-recreate", scale, "web", version=version)
        _await(lambda: all(map(_healthy, self._containers("web"))), "healthy containers")
        docker("stop", *old)
        docker("rm", *old)
        return 0


class Stack(_Images):
    """``docker stack deploy`` with Swarm's defaults: one task after the other, stopped first. Names instead of virtual
    addresses, and the same nginx: not every kernel that runs an engine has what Swarm's own balancing needs.
    """

    name = "docker stack deploy, defaults"

    def content(self, version: str) -> dict[str, Any]:
        found = super().content(version)
        for service in found["services"].values():
            service["deploy"] = {**service.get("deploy", {}), "endpoint_mode": "dnsrr"}
        found["services"]["front"]["ports"] = [{"target": 8080, "published": self.port, "mode": "host"}]
        return found

    def set_up(self) -> None:
        self._deploy("one", detach=True)
        self._migrate()

    def bring(self, version: str) -> float:
        self._deploy(version, detach=False)
        return 0

    def remove(self) -> None:
        docker("stack", "rm", self.project)
        _await(lambda: not self._containers("web") and not self._containers("db"), "the stack's end")

    def _deploy(self, version: str, *, detach: bool) -> None:
        how = f"--detach={'true' if detach else 'false'}"
        docker("stack", "deploy", "--resolve-image", "never", how, "--compose-file", self.file(version), self.project)

    def _containers(self, service: str) -> list[str]:
        label = f"com.docker.swarm.service.name={self.project}_{service}"
        return docker("ps", "--quiet", "--filter", f"label={label}").stdout.split()


def _healthy(container: str) -> bool:
    state = docker("inspect", "--format", "{{.State.Health.Status}}", container, check=False)
    return state.stdout.strip() == "healthy"


def _await(condition: Any, what: str) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE, f"waited {PATIENCE:g} s for {what}"
        time.sleep(0.1)


WAYS = ("server", "swarm", "compose", "rollout", "stack", "one", "three")
"""The last two are :class:`benchmarks.rollout.machines.OurMachines`."""
