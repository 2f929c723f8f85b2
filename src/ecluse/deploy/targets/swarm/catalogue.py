"""The releases that can be rolled out to a swarm: see :class:`ecluse.deploy.contract.Catalogue`."""

from __future__ import annotations

import re
from pathlib import Path

from ecluse.deploy.targets.swarm.release import SwarmRelease, SwarmReleases
from ecluse.deploy.targets.swarm.resolve import Resolver
from ecluse.errors import ReleaseError
from ecluse.image.source import source_of

__all__ = ["SwarmCatalogue"]


class SwarmCatalogue:
    """Kept *releases*, and what *resolver* makes of a commit or a digest. *top* is the repository."""

    def __init__(self, releases: SwarmReleases, resolver: Resolver, top: Path) -> None:
        self._releases, self._resolver, self._top = releases, resolver, top

    def newest(self) -> SwarmRelease:
        """The release of the commit that is checked out, with the configuration as it is now."""
        return self._resolver.of_commit(source_of(self._top).commit)

    def find(self, name: str) -> SwarmRelease:
        """The kept release whose id is *name* or the only one to begin so; else the release of that digest or whole
        commit, with the configuration as it is now.
        """
        kept = {release.id: release for release in self._releases.all() if release.id.startswith(name)}
        if name in kept:
            return kept[name]
        if name and len(kept) == 1:
            return next(iter(kept.values()))
        if len(kept) > 1:
            raise ReleaseError(f"{name} is the beginning of several: {', '.join(kept)}")
        if re.fullmatch("[0-9a-f]{40}", name):
            return self._resolver.of_commit(name)
        return self._resolver.of_digest(name)
