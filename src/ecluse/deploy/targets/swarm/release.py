"""The releases of an environment in a swarm: an image by its digest, with the configuration that it runs with.

A rollback brings back both: the release before ran with exactly these commands, variables, secrets and files.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ecluse.deploy.targets.swarm import stackfile
from ecluse.deploy.targets.swarm.objects import Objects, Store

__all__ = ["SwarmRelease", "SwarmReleases"]

KEPT = 3
"""Releases that are kept beside the one that serves and the one before."""


@dataclass(frozen=True, kw_only=True)
class SwarmRelease:
    """A release of an environment in a swarm. *image* and *front* are images by digest. *stack* has the services that
    serve, and the services that do something once; *tasks* are the names of those that serve, in the order to replace
    them.

    A release that was just made, and that the swarm may not have yet, also has the *objects* that it needs there, its
    files and secrets, and *content*, the whole stack file.
    """

    id: str
    image: str
    front: str | None
    commit: str | None
    tasks: tuple[str, ...]
    stack: dict[str, Any]
    content: Mapping[str, Any] | None = field(default=None, compare=False)
    objects: Mapping[tuple[Store, str], bytes] = field(default_factory=dict, compare=False)

    def as_json(self) -> dict[str, Any]:
        """The part of the release that the swarm stores: not its files and secrets, which are objects of their own."""
        kept = ("id", "image", "front", "commit", "tasks", "stack")
        return {name: getattr(self, name) for name in kept}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SwarmRelease:
        """The release that :meth:`as_json` gave."""
        return cls(**{**value, "tasks": tuple(value["tasks"])})

    @property
    def web(self) -> str:
        """The service that the front server gives requests to."""
        names = stackfile.roles(self.stack, self.image)
        return next(name for name in self.tasks if names[name] == stackfile.WEB)

    def uses(self) -> set[str]:
        """The names that the engine has its files and secrets under."""
        return {one["name"] for kind in ("configs", "secrets") for one in self.stack.get(kind, {}).values()}


class SwarmReleases:
    """The releases that an environment keeps: a rollback can go to them."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._known: dict[str, SwarmRelease] = {}

    def all(self) -> list[SwarmRelease]:
        """The kept releases, oldest first."""
        found = [SwarmRelease.from_json(json.loads(kept.data or b"{}")) for kept in self._objects.all("release")]
        self._known.update({release.id: release for release in found})
        return found

    def get(self, release_id: str) -> SwarmRelease | None:
        """The release *release_id*; None where it is not kept."""
        if release_id not in self._known:
            self.all()
        return self._known.get(release_id)

    def keep(self, release: SwarmRelease) -> None:
        """Keep the release. Kept again, it is the newest."""
        self._objects.delete(f"{self._objects.stack}_release_{release.id}")
        self._objects.create(f"release_{release.id}", "release", json.dumps(release.as_json()).encode())
        self._known[release.id] = release

    def facts(self, release_id: str) -> str | None:
        """The name that the engine has the facts of the release under: what it said of itself in its preflight. None
        where they are not kept.
        """
        found = self._objects.get(f"facts_{release_id}")
        return found.name if found else None

    def keep_facts(self, release_id: str, facts: bytes) -> None:
        """Keep what the release said of itself, for the preflight of the release after it."""
        self._objects.delete(f"{self._objects.stack}_facts_{release_id}")
        self._objects.create(f"facts_{release_id}", "facts", facts)

    def prune(self, keep: Collection[str]) -> list[SwarmRelease]:
        """Forget all releases but *keep* and a few. Returns the releases that are left."""
        found = self.all()
        others = [release for release in found if release.id not in keep]
        gone = others[: -KEPT or None]
        for release in gone:
            self._objects.delete(f"{self._objects.stack}_release_{release.id}")
            self._objects.delete(f"{self._objects.stack}_facts_{release.id}")
            del self._known[release.id]
        return [release for release in found if release not in gone]
