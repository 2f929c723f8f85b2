"""Kinds of places that a release goes to. A target knows how, :mod:`ecluse.deploy.rollout` in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from ecluse.definition.model import Environment, Pipeline
from ecluse.deploy.contract import Ledger, Target
from ecluse.deploy.lock import Holder
from ecluse.deploy.maintenance import Maintenance

__all__ = ["TARGETS", "Managed", "Place"]


@dataclass(frozen=True)
class Place:
    """Which environment of which pipeline, for whom: *top* is the repository, *environ* the deployer's environment.

    *say* tells the deployer what takes its time.
    """

    pipeline: Pipeline
    environment: Environment
    top: Path
    environ: Mapping[str, str]
    say: Callable[[str], None] = lambda line: None


class Managed(Target, Protocol):
    """A target as the commands need it. All raise an EcluseError for what they cannot do."""

    @property
    def url(self) -> str:
        """The address that visitors use."""

    def newest(self) -> str:
        """The release to roll out where none is named."""

    def find(self, name: str) -> str:
        """The id of the release that *name* names. Raises ReleaseError where there is none, or more than one."""

    def kept(self, release: str) -> bool:
        """Whether it can be gone back to."""

    def commit(self, release: str) -> str | None:
        """The commit that it was made of, where that is known."""

    def ledger(self) -> Ledger:
        """What has been written down, for reading."""

    def held(self, *, who: str, host: str, what: str, commit: str | None = None) -> AbstractContextManager[Ledger]:
        """Hold the environment's lock; yields the ledger to write to. Raises LockHeld, naming the holder."""

    def holder(self) -> Holder | None:
        """Who holds the lock now."""

    def unlock(self) -> None:
        """Take the lock from whoever holds it."""

    def maintenance(self) -> Maintenance | None:
        """Since when, and by whom, visitors get the maintenance page; None where they get the site."""

    def maintain(self, wanted: Maintenance | None) -> None:
        """Give visitors the maintenance page, or the site again. The health addresses are the site's in any case."""

    def processes(self) -> list[dict[str, object]]:
        """What runs: of each its release, state, seconds and whether it is ready, and what the target adds."""

    def logs(self, what: str, lines: int, follow: bool) -> int:
        """Print the last *lines* of what *what* printed. Returns an exit code."""

    def exec(self, what: str, command: Sequence[str], *, terminal: bool) -> int:
        """Run *command* where *what* runs, on our own terminal. Returns its exit code."""

    def stop(self) -> None:
        """End everything that runs. Data and releases stay."""


@contextmanager
def _server(place: Place) -> Iterator[Managed]:
    from ecluse.deploy.targets.server.managed import ManagedServer

    environments = place.top / ".ecluse" / "environments"
    store = place.top / ".ecluse" / "releases"
    folder = environments / place.environment.name
    yield ManagedServer(place.environment, folder, store, place.environ, say=place.say)


@contextmanager
def _swarm(place: Place) -> Iterator[Managed]:
    from ecluse.deploy.targets import swarm

    with swarm.opened(place.pipeline, place.environment, place.top, place.environ, place.say) as found:
        yield found


TARGETS: Mapping[str, Callable[[Place], AbstractContextManager[Managed]]] = MappingProxyType(
    {"server": _server, "swarm": _swarm}
)
"""Every kind that an environment of pipeline.py may name."""
