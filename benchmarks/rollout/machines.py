"""Écluse on machines of their own, reached by SSH: containers with an engine each, which share this machine's cores."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from benchmarks.rollout.ways import DATABASE, OurSwarm
from tests.support.containers import docker
from tests.support.hosts import hosts
from tests.support.swarm import FRONT, SwarmShop

__all__ = ["OurMachines"]


class OurMachines(OurSwarm):
    """*number* machines: a manager, which has the database and the front server as well, and others."""

    def __init__(self, folder: Path, number: int) -> None:
        self.name = f"Écluse, {number} machine{'s' if number > 1 else ''} by SSH"
        self._folder, self._number = folder / f"machines{number}", number
        self._stack = contextlib.ExitStack()

    def set_up(self) -> None:
        self._folder.mkdir()
        machines = self._stack.enter_context(hosts(self._folder, self._number))
        for image, name in ((FRONT, "front"), (DATABASE, "postgres")):
            docker("tag", image, f"{machines.pushed_to}/{name}:1")
            docker("push", "--quiet", f"{machines.pushed_to}/{name}:1")
        machines.inside("node", "update", "--label-add", "ecluse.state=true", machines.names[0][:12])
        self._shop = SwarmShop(
            self._folder / "shop",
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
        self.port, self.address = self._shop.port, self._shop.address
        self._shop.release("two")
        super().set_up()

    def effects(self) -> Mapping[str, int]:
        return self._shop.effects()

    def remove(self) -> None:
        self._stack.close()
