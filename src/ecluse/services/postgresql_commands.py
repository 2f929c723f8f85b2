"""Command lines of PostgreSQL's programs. Nothing here runs anything."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlencode

from ecluse.services.binaries import Binaries

__all__ = ["SUPERUSER", "durable_initdb", "durable_server", "socket_url", "throwaway_initdb", "throwaway_server"]

SUPERUSER = "postgres"
PORT = 5432

# The same everywhere: UTF-8, and code point order that no operating system's update can change.
_LOCALE = ("-E", "UTF8", "--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8")

# Only a Unix socket, in a folder that only its owner may enter: that folder is the authentication.
_AUTHENTICATION = ("-U", SUPERUSER, "--auth-local=trust", "--auth-host=reject")

# Nothing of it is to survive a crash: a test database is made again.
_NOT_DURABLE = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    # Three worker processes fewer to start; what is read is in memory anyway.
    "io_method": "sync",
    "checkpoint_timeout": "1d",
    "max_connections": "200",
}


def throwaway_initdb(binaries: Binaries, data: Path) -> tuple[str, ...]:
    """Makes a cluster at *data*, as fast as can be."""
    flags = ("--no-sync", "--no-instructions", "--wal-segsize=1", "--no-data-checksums")
    return binaries.argv("initdb", "-D", str(data), *_AUTHENTICATION, *_LOCALE, *flags)


def throwaway_server(binaries: Binaries, data: Path, socket_folder: Path) -> tuple[str, ...]:
    """Serves the cluster at *data* on a socket in *socket_folder*, in the foreground, without durability."""
    return binaries.argv("postgres", "-D", str(data), *_options(_reachable_at(socket_folder) | _NOT_DURABLE))


def durable_initdb(binaries: Binaries, data: Path) -> tuple[str, ...]:
    """Makes a cluster at *data* that is to last: written to disk, with data checksums."""
    return binaries.argv("initdb", "-D", str(data), *_AUTHENTICATION, *_LOCALE, "--no-instructions", "--data-checksums")


def durable_server(binaries: Binaries, data: Path, socket_folder: Path) -> tuple[str, ...]:
    """Serves the cluster at *data* on a socket in *socket_folder*, in the foreground. SIGINT stops it well."""
    return binaries.argv("postgres", "-D", str(data), *_options(_reachable_at(socket_folder)))


def socket_url(socket_folder: Path, database: str, user: str = SUPERUSER) -> str:
    """The address by which *user* reaches *database* on the server whose socket is in *socket_folder*.

    In the form that libpq, django-environ and dj-database-url all understand: the folder is a parameter, not the host.
    The port, which is a part of the socket's name, is told: ``PGPORT`` may name another.
    """
    # A space as %20: libpq takes a + for itself.
    query = urlencode({"host": str(socket_folder)}, safe="/", quote_via=quote)
    return f"postgres://{user}@:{PORT}/{quote(database, safe='')}?{query}"


def _reachable_at(socket_folder: Path) -> dict[str, str]:
    return {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(socket_folder),
        "unix_socket_permissions": "0700",
    }


def _options(settings: dict[str, str]) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
