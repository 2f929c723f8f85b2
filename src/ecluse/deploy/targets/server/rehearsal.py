"""A throwaway PostgreSQL on which the pending migrations of a release are tried before they are applied."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from ecluse.errors import EcluseError
from ecluse.services.kinds import POSTGRES_VERSION
from ecluse.services.lease import Lease
from ecluse.services.throwaway import Server

__all__ = ["server"]


@contextlib.contextmanager
def server(cache: Path, environ: Mapping[str, str]) -> Iterator[str | None]:
    """The address of a server that ends with the block; None where this machine has no programs of PostgreSQL.

    An empty cluster is kept in *cache*: from the second time on it is there in a tenth of a second.
    """
    with contextlib.ExitStack() as stack:
        address = None
        with contextlib.suppress(EcluseError, OSError):
            lease = Lease.take(environ)
            stack.callback(lease.release)
            made = Server.of(lease, POSTGRES_VERSION, environ)
            cache.mkdir(parents=True, exist_ok=True)
            made.create(cache / f"empty-{made.kind}.tar", pack=True)
            made.start()
            stack.callback(made.stop)
            address = made.url("postgres")
        yield address
