"""An empty PostgreSQL for as long as a context lasts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit, urlunsplit

from ecluse.definition.model import Service
from ecluse.services import choose, container
from ecluse.services.lease import Lease
from ecluse.services.order import order_of
from ecluse.services.paths import cache_folder
from ecluse.services.throwaway import Server

__all__ = ["contained", "embedded", "named", "server", "started"]

POSTGRES = Service(name="postgres", kind="postgres", version="18")
DATABASE = "postgres"


@contextlib.contextmanager
def server(environ: Mapping[str, str]) -> Iterator[str]:
    """The address of a database on a server where others may be made: the given server, else one of our own."""
    source = choose(POSTGRES, environ, order_of(POSTGRES, environ))
    if source == "given":
        yield environ["DATABASE_URL"]
        return
    with embedded(environ) if source == "embedded" else contained(environ) as url:
        yield url


@contextlib.contextmanager
def embedded(environ: Mapping[str, str]) -> Iterator[str]:
    """Its address; the server is gone with the context."""
    lease = Lease.take(environ)
    try:
        yield started(lease, environ)
    finally:
        lease.release()


def started(lease: Lease, environ: Mapping[str, str]) -> str:
    """The address of a server that lives as long as *lease*."""
    made = Server.of(lease, POSTGRES.version, environ)
    made.create(cache_folder(environ) / f"empty-{made.kind}.tar", pack=True)
    made.start()
    made.hand_over()
    return made.url(DATABASE)


@contextlib.contextmanager
def contained(environ: Mapping[str, str]) -> Iterator[str]:
    """The same in a container."""
    with container.postgres(container.image_of(POSTGRES, environ)) as url:
        yield url


def named(url: str, database: str) -> str:
    """The address of another *database* on the server at *url*."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
