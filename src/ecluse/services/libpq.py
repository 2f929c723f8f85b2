"""libpq's environment variables: for an address, and kept away from a server of our own where they are set for another.

``PGPORT`` is the port where an address names none; ``PGSERVICE``, ``PGOPTIONS`` and others hold for every connection.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["VARIABLES", "apart", "set_aside", "variables", "without"]

# https://www.postgresql.org/docs/18/libpq-envars.html
_NAMES = """
HOST HOSTADDR PORT DATABASE USER PASSWORD PASSFILE REQUIREAUTH CHANNELBINDING SERVICE SERVICEFILE
OPTIONS APPNAME SSLMODE REQUIRESSL SSLCOMPRESSION SSLCERT SSLKEY SSLCERTMODE SSLROOTCERT SSLCRL
SSLCRLDIR SSLSNI SSLNEGOTIATION SSLMINPROTOCOLVERSION SSLMAXPROTOCOLVERSION REQUIREPEER GSSENCMODE
KRBSRVNAME GSSLIB GSSDELEGATION CONNECT_TIMEOUT CLIENTENCODING TARGETSESSIONATTRS LOADBALANCEHOSTS
MINPROTOCOLVERSION MAXPROTOCOLVERSION DATESTYLE TZ GEQO SYSCONFDIR LOCALEDIR
"""
VARIABLES = frozenset(f"PG{name}" for name in _NAMES.split())

_turn = threading.Lock()


def without(environ: Mapping[str, str]) -> dict[str, str]:
    """*environ* without libpq's variables."""
    return {name: value for name, value in environ.items() if name not in VARIABLES}


def variables(url: str) -> dict[str, str]:
    """The variables with which psql and pg_dump connect to the database at *url* without options."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    found = {
        "PGHOST": query.get("host", parts.hostname or ""),
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        "PGSSLMODE": query.get("sslmode", ""),
        "PGSSLROOTCERT": query.get("sslrootcert", ""),
    }
    return {name: value for name, value in found.items() if value}


def set_aside(environ: MutableMapping[str, str]) -> dict[str, str]:
    """Take libpq's variables out of *environ*; return those that were there."""
    return {name: environ.pop(name) for name in VARIABLES & set(environ)}


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """No variable of libpq's is in the environment of this process meanwhile: libpq itself reads it there."""
    with _turn:
        kept = set_aside(os.environ)
        try:
            yield
        finally:
            os.environ.update(kept)
