"""An empty PostgreSQL for as long as a context lasts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from urllib.parse import urlsplit, urlunsplit

from ecluse.services.kinds import POSTGRES
from ecluse.services.order import order_of
from ecluse.services.sources import SOURCES, choose

__all__ = ["named", "server"]


def server(environ: Mapping[str, str]) -> AbstractContextManager[str]:
    """The address of a database on a server where others may be made: the given server, else one of our own."""
    return SOURCES[choose(POSTGRES, environ, order_of(POSTGRES, environ))].empty(POSTGRES, environ)


def named(url: str, database: str) -> str:
    """The address of another *database* on the server at *url*."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
