"""Where a service comes from: *given* by its address, *embedded*, or in a *container*: the first that can.

Adding a source is writing a module that fits :class:`Source` and naming it in :data:`SOURCES`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Protocol

from ecluse.definition.model import Service
from ecluse.errors import ServiceError
from ecluse.services import container, embedded, given
from ecluse.services.order import order_of

__all__ = ["SOURCES", "Source", "choose", "for_job"]


class Source(Protocol):
    """What a source's module has."""

    def why_not(self, service: Service, environ: Mapping[str, str]) -> str | None:
        """Why *service* cannot come from here, in words that finish the sentence "SOURCE: …"; None where it can."""

    def provide(
        self, service: Service, environ: Mapping[str, str], rest: Sequence[str]
    ) -> AbstractContextManager[Mapping[str, str]]:
        """The service for as long as the context lasts: yields the environment variables to add for who uses it.

        *rest* are the sources that may be turned to later, where what uses the service finds that it cannot do enough.
        """


SOURCES: Mapping[str, Source] = MappingProxyType({"given": given, "embedded": embedded, "container": container})


def choose(service: Service, environ: Mapping[str, str], order: Sequence[str]) -> str:
    """The first source of *order* that can provide *service*. Raises ServiceError with every source's reason."""
    reasons = []
    for name in order:
        reason = SOURCES[name].why_not(service, environ)
        if reason is None:
            return name
        reasons.append(f"{name}: {reason}")
    raise ServiceError(
        "\n  ".join([f"no {service.kind} {service.version} to be had", *reasons]),
        hint="set DATABASE_URL, or install ecluse[postgres] (PostgreSQL without an installation) or a Docker engine",
    )


@contextlib.contextmanager
def for_job(service: Service, environ: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """*service* for the steps of one job: yields the environment variables to add for them.

    A given service is waited for and its address handed on; a container lives as long as the context. Of an embedded
    PostgreSQL only the choice is handed on: the test process itself brings up its clone of a cached cluster (see
    :mod:`ecluse.testing`). Raises ServiceError where no source can provide it, or it does not get ready.
    """
    order = order_of(service, environ)
    name = choose(service, environ, order)
    rest = order[order.index(name) + 1 :]
    with SOURCES[name].provide(service, environ, rest) as variables:
        yield variables
