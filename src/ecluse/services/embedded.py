"""The source ``embedded``: a PostgreSQL from its programs and a folder of data, without an installation."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from ecluse.definition.model import Service
from ecluse.errors import ServiceError
from ecluse.services.account import refusal
from ecluse.services.binaries import binaries_for
from ecluse.services.kinds import kind_of
from ecluse.services.lease import Lease
from ecluse.services.paths import own_cache
from ecluse.services.throwaway import Server

__all__ = ["empty", "keep", "provide", "server", "why_not"]

DATABASE = "postgres"


def why_not(service: Service, environ: Mapping[str, str]) -> str | None:
    """Why *service* cannot be embedded: it is no PostgreSQL, or this machine has no programs of it."""
    if not kind_of(service).embedded:
        return f"there is no embedded {service.kind}"
    refused = refusal()
    if refused is not None:
        return refused
    try:
        binaries_for(service.version, environ)
    except ServiceError as error:
        return error.what
    return None


@contextlib.contextmanager
def provide(service: Service, environ: Mapping[str, str], rest: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Start nothing: the tests start a server of their own, and go on to *rest* where it cannot do what they need."""
    variable = kind_of(service).order_variable
    yield {variable: ",".join(["embedded", *rest])} if variable else {}


@contextlib.contextmanager
def empty(service: Service, environ: Mapping[str, str]) -> Iterator[str]:
    """The address of an empty *service*, which is gone with the context."""
    lease = Lease.take(environ)
    try:
        yield _started(service, lease, environ)
    finally:
        lease.release()


def keep(service: Service, environ: Mapping[str, str]) -> tuple[str, str]:
    """The address of a *service* that outlives this process, and the command that ends it."""
    lease = Lease.keep(environ)
    return _started(service, lease, environ), f"ecluse db --stop {lease.folder}"


def server(service: Service, lease: Lease, environ: Mapping[str, str]) -> Server:
    """A server for a test run, not started yet. Its data can be packed, and restored."""
    return Server.of(lease, service.version, environ)


def _started(service: Service, lease: Lease, environ: Mapping[str, str]) -> str:
    """The address of a server that lives as long as *lease*."""
    made = server(service, lease, environ)
    cache, _refused = own_cache(environ, otherwise=lease.folder / "cache")
    made.create(made.empty_in(cache), pack=True)
    made.start()
    made.hand_over()
    return made.url(DATABASE)
