"""PostgreSQL takes the connection, and answers a query.

Over a socket of this machine that asks for no password this is a handful of messages; all else needs the driver.
Messages: https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

from __future__ import annotations

import contextlib
import importlib
import socket
import struct
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ecluse.errors import ToolError
from ecluse.probes import NotReady
from ecluse.probes.address import Address
from ecluse.probes.sockets import read

__all__ = ["ask", "connect"]

_PROTOCOL = 3 << 16
_AUTHENTICATED = b"\x00\x00\x00\x00"


def ask(address: Address, timeout: float) -> None:
    """Connect as the user of the address, and ``SELECT 1``. Raises ToolError where that takes a driver there is not."""
    folder = parse_qs(urlsplit(address.url).query).get("host", [""])[0]
    if address.host or not folder.startswith("/") or not _asked_plainly(address, folder, timeout):
        _ask_by_driver(address.url, timeout)


def connect(url: str, *, timeout: float = 10) -> Any:
    """A connection of the installed driver (psycopg2 or psycopg) to *url*, in autocommit mode.

    Raises the driver's OperationalError if the server refuses it, ToolError if no driver is installed.
    """
    driver = _driver()
    # libpq counts whole seconds, and takes 1 for 2.
    connection = driver.connect(url, connect_timeout=max(2, int(timeout)))
    connection.autocommit = True
    return connection


def _asked_plainly(address: Address, folder: str, timeout: float) -> bool:
    """Ask the server whose socket is in *folder*. False where it asks who we are."""
    user, database = address.user, address.path.lstrip("/") or address.user
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(f"{folder}/.s.PGSQL.{address.port}")
        parameters = b"".join(text.encode() + b"\0" for text in ("user", user, "database", database)) + b"\0"
        connection.sendall(struct.pack(">II", len(parameters) + 8, _PROTOCOL) + parameters)
        asked = False
        for kind, body in _messages(connection):
            if kind == b"E":
                raise NotReady(_reason(body))
            if kind == b"R" and body != _AUTHENTICATED:
                return False
            if kind == b"Z":
                if asked:
                    connection.sendall(b"X\x00\x00\x00\x04")
                    return True
                query = b"SELECT 1\0"
                connection.sendall(b"Q" + struct.pack(">I", len(query) + 4) + query)
                asked = True
    return False


def _messages(connection: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    while True:
        kind, length = struct.unpack(">cI", read(connection, 5))
        yield kind, read(connection, length - 4)


def _reason(body: bytes) -> str:
    """The message in the fields of an error."""
    fields = {field[:1]: field[1:] for field in body.split(b"\0") if field}
    return fields.get(b"M", b"an error without a message").decode(errors="replace")


def _ask_by_driver(url: str, timeout: float) -> None:
    try:
        connection = connect(url, timeout=timeout)
    except _driver().OperationalError as error:
        raise NotReady(str(error).strip() or type(error).__name__) from None
    try:
        connection.cursor().execute("SELECT 1")
    except _driver().Error as error:
        raise NotReady(str(error).strip() or type(error).__name__) from None
    finally:
        connection.close()


def _driver() -> Any:
    # In Django's order, so that a process of Django's imports one driver, not two.
    for name in ("psycopg", "psycopg2"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    raise ToolError("neither psycopg2 nor psycopg is installed", hint="install psycopg2-binary")
