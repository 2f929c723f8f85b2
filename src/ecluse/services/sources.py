"""The sources of a service: *given* by its address, *embedded*, in a *container*, or *absent*: the first that can.

A new source is a module that fits :class:`OwnSource`, named in :data:`OWN_SOURCES`; a new kind of service is a record
in :mod:`ecluse.services.kinds`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from ecluse.definition.model import Service
from ecluse.errors import ServiceError
from ecluse.services import absent, container, embedded, given
from ecluse.services.kinds import kind_of
from ecluse.services.lease import Lease
from ecluse.services.order import order_of
from ecluse.services.throwaway import Server

__all__ = ["OWN_SOURCES", "SOURCES", "OwnSource", "RunServer", "Source", "choose", "for_job", "own"]


class Source(Protocol):
    """The interface of a source's module."""

    def why_not(self, service: Service, environ: Mapping[str, str]) -> str | None:
        """Why *service* cannot come from here, in words that finish the sentence "SOURCE: …"; None where it can."""

    def provide(
        self, service: Service, environ: Mapping[str, str], rest: Sequence[str]
    ) -> AbstractContextManager[Mapping[str, str]]:
        """The service for as long as the context lasts: yields the environment variables to add for its users.

        *rest* are the sources that a user may go on to, where it finds that this one cannot do enough.
        """

    def empty(self, service: Service, environ: Mapping[str, str]) -> AbstractContextManager[str]:
        """The address of a service where databases may be made, for as long as the context lasts."""


class RunServer(Protocol):
    """A server for one test run, which ends with a lease. Shown as text, it says what it is."""

    def start_empty(self, cache: Path) -> None:
        """Start an empty server, and wait until it answers; *cache* may hold a copy of an empty cluster."""

    def url(self, database: str) -> str:
        """The address of *database* on it."""

    def restorable(self) -> Server | None:
        """The server, if its data can be packed and restored; otherwise None."""


class OwnSource(Source, Protocol):
    """A source whose services Écluse itself starts, for as long as they are needed."""

    def keep(self, service: Service, environ: Mapping[str, str]) -> tuple[str, str]:
        """The address of a service that outlives this process, and the command that ends it."""

    def server(self, service: Service, lease: Lease, environ: Mapping[str, str]) -> RunServer:
        """A server that ends with *lease*, not started yet."""


OWN_SOURCES: Mapping[str, OwnSource] = MappingProxyType({"embedded": embedded, "container": container})
SOURCES: Mapping[str, Source] = MappingProxyType({"given": given, **OWN_SOURCES, "absent": absent})


def own(order: Sequence[str]) -> tuple[str, ...]:
    """The sources of *order* whose services Écluse starts itself."""
    return tuple(name for name in order if name in OWN_SOURCES)


def choose(service: Service, environ: Mapping[str, str], order: Sequence[str]) -> str:
    """The first source of *order* that can provide *service*. Raises ServiceError with every source's reason."""
    reasons = []
    for name in order:
        reason = SOURCES[name].why_not(service, environ)
        if reason is None:
            return name
        reasons.append(f"{name}: {reason}")
    kind = kind_of(service)
    raise ServiceError(
        "\n  ".join([f"no {service.kind} {service.version} to be had", *reasons]),
        hint=f"set {kind.variable}, or start a Docker engine and install ecluse[containers]",
    )


@contextlib.contextmanager
def for_job(service: Service, environ: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """*service* for the steps of one job: yields the environment variables to add for them.

    A given service is waited for and its address passed on; a container lives as long as the context. For an embedded
    PostgreSQL only the choice is passed on: the test process itself starts its clone of a cached cluster (see
    :mod:`ecluse.testing`). For an absent service there is no variable. Raises ServiceError where no source can provide
    it, or it does not get ready.
    """
    order = order_of(service, environ)
    name = choose(service, environ, order)
    rest = order[order.index(name) + 1 :]
    with SOURCES[name].provide(service, environ, rest) as variables:
        yield variables
