"""Écluse on machines of their own, reached by SSH: containers with an engine each, which share this machine's cores."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from benchmarks.rollout.ways import OurSwarm
from testbed.hosts import hosts

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
        machines.keep_state(0)
        self._shop = machines.shop(self._folder / "shop", SHOP_REPLICAS="3")
        self.port, self.address = self._shop.port, self._shop.address
        self._shop.release("two")
        super().set_up()

    def effects(self) -> Mapping[str, int]:
        return self._shop.effects()

    def remove(self) -> None:
        self._stack.close()
