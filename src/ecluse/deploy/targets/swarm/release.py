"""Releases as a swarm keeps them: a build by its digest, with the configuration it was rolled out with.

Going back brings back both: the release before ran with exactly these commands, variables, secrets and files.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from ecluse.deploy.targets.swarm import stackfile
from ecluse.deploy.targets.swarm.objects import Objects

__all__ = ["Release", "Releases"]

KEPT = 3
"""Releases that are kept beside the one that serves and the one before."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """*stack* has its services and what is done once for it; *tasks* are those that serve, in the order to replace
    them in. *image* and *front* are by digest.
    """

    id: str
    image: str
    front: str | None
    commit: str | None
    tasks: tuple[str, ...]
    stack: dict[str, Any]

    @property
    def web(self) -> str:
        """The service that the front server gives requests to."""
        names = stackfile.roles(self.stack, self.image)
        return next(name for name in self.tasks if names[name] == stackfile.WEB)

    def uses(self) -> set[str]:
        """The engine's names of its files and secrets."""
        return {one["name"] for kind in ("configs", "secrets") for one in self.stack.get(kind, {}).values()}


class Releases:
    """Those that an environment keeps."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._known: dict[str, Release] = {}

    def all(self) -> list[Release]:
        """Oldest first."""
        found = []
        for kept in self._objects.all("release"):
            value = json.loads(kept.data or b"{}")
            found.append(Release(**{**value, "tasks": tuple(value["tasks"])}))
        self._known.update({release.id: release for release in found})
        return found

    def get(self, release_id: str) -> Release | None:
        """The release *release_id*; None where it is not kept."""
        if release_id not in self._known:
            self.all()
        return self._known.get(release_id)

    def keep(self, release: Release) -> None:
        """From now on it can be gone back to. Kept again, it is the newest."""
        self._objects.delete(f"{self._objects.stack}_release_{release.id}")
        self._objects.create(f"release_{release.id}", "release", json.dumps(asdict(release)).encode())
        self._known[release.id] = release

    def prune(self, keep: Collection[str]) -> list[Release]:
        """Forget all but *keep* and a few. Returns those that are left."""
        found = self.all()
        others = [release for release in found if release.id not in keep]
        gone = others[: -KEPT or None]
        for release in gone:
            self._objects.delete(f"{self._objects.stack}_release_{release.id}")
            del self._known[release.id]
        return [release for release in found if release not in gone]
