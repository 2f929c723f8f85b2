"""The numbers of tasks that people have given to services: they hold for every release until they are taken back."""

from __future__ import annotations

import json

from ecluse.deploy.targets.swarm.objects import Objects

__all__ = ["Counts"]

_NAME = "scale"


class Counts:
    """The numbers of tasks that `ecluse scale` has given, kept in the swarm."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def all(self) -> dict[str, int]:
        """The number of tasks of each service that was given one."""
        kept = self._objects.get(_NAME)
        return {} if kept is None or kept.data is None else dict(json.loads(kept.data))

    def keep(self, service: str, count: int | None) -> None:
        """Let *service* have *count* tasks from now on; None: as many as its release says."""
        counts = {name: known for name, known in self.all().items() if name != service}
        if count is not None:
            counts[service] = count
        self._objects.delete(f"{self._objects.stack}_{_NAME}")
        if counts:
            self._objects.create(_NAME, _NAME, json.dumps(counts).encode())
