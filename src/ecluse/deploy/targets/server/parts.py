"""The parts of the target ``server``, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ecluse.definition.model import Environment
from ecluse.deploy.contract import Target
from ecluse.deploy.ledger import FolderRecords
from ecluse.deploy.targets.server.controls import ServerControls
from ecluse.deploy.targets.server.daemon import Daemon
from ecluse.deploy.targets.server.operations import ServerOperations
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.release import ServerRelease
from ecluse.deploy.targets.server.releases import ServerReleases
from ecluse.deploy.targets.server.web import Web
from ecluse.deploy.targets.server.workers import Workers

__all__ = ["operations", "target"]

GATE_SECONDS = 60.0
"""Seconds that a process of a new release may take to get ready."""


def target(
    environment: Environment,
    folder: Path,
    store: Path,
    environ: Mapping[str, str],
    *,
    say: Callable[[str], None] = lambda line: None,
) -> Target[ServerRelease]:
    """The environment in *folder*. *store* is where packaged releases are, *environ* the deployer's environment."""
    place = Place(folder, environment, environ)
    found = operations(place, store, say=say)
    controls = ServerControls(place, found)
    return Target(found, found.releases, FolderRecords(folder), controls)


def operations(
    place: Place,
    store: Path,
    *,
    say: Callable[[str], None] = lambda line: None,
    stop_signal: str = "TERM",
    gate_seconds: float = GATE_SECONDS,
) -> ServerOperations:
    """The operations of a rollout in *place*. *stop_signal* ends a process of the site."""
    daemon = Daemon(place, say, stop_signal=stop_signal)
    return ServerOperations(
        place,
        daemon,
        ServerReleases(place, store, say),
        Web(place, daemon, gate_seconds),
        Workers(place, daemon, gate_seconds),
    )
