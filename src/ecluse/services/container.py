"""The source ``container``: a service in a container, which is removed after use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from ecluse.definition.model import Service
from ecluse.services import docker_services, keeper
from ecluse.services.kinds import image_of, kind_of
from ecluse.services.lease import Lease

__all__ = ["Contained", "empty", "keep", "provide", "server", "why_not"]


def why_not(service: Service, environ: Mapping[str, str]) -> str | None:
    """Why *service* cannot run in a container: it takes an engine that answers, and the libraries to talk to it."""
    return docker_services.why_not(environ)


@contextlib.contextmanager
def provide(service: Service, environ: Mapping[str, str], rest: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """*service* in a container, for the steps of a job: yields the variable that holds its address."""
    with docker_services.run(service, environ) as url:
        yield {kind_of(service).variable: url}


def empty(service: Service, environ: Mapping[str, str]) -> AbstractContextManager[str]:
    """The address of an empty *service* in a container, which is removed with the context."""
    return docker_services.run(service, environ)


def keep(service: Service, environ: Mapping[str, str]) -> tuple[str, str]:
    """The address of a *service* that outlives this process, and the command that removes it."""
    name = docker_services.new_name()
    with docker_services.start(kind_of(service), image_of(service, environ), keep=name) as url:
        return url, f"docker rm --force --volumes {name}"


@dataclass
class Contained:
    """A server in a container that ends with *lease*, for a test run. Its data cannot be packed and restored."""

    service: Service
    lease: Lease
    environ: Mapping[str, str]
    _url: str = field(default="", init=False)

    def start_empty(self, cache: Path) -> None:
        """Start the container, and wait until it answers. Raises ServiceError."""
        self._url = keeper.start(self.service, self.lease, self.environ)

    def url(self, database: str) -> str:
        """The address of the server. Which database is used on it, its user decides."""
        return self._url

    def restorable(self) -> None:
        """A container's data is the engine's: it cannot be packed."""
        return None

    def __str__(self) -> str:
        return f"PostgreSQL in a container of {image_of(self.service, self.environ)}"


def server(service: Service, lease: Lease, environ: Mapping[str, str]) -> Contained:
    """A server for a test run, not started yet."""
    return Contained(service, lease, environ)
