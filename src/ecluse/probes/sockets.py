"""Connections to services, with TLS if the scheme asks for it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from ecluse.probes.address import Address
from ecluse.probes.schemes import SCHEMES

__all__ = ["open_connection", "read"]


@contextlib.contextmanager
def open_connection(address: Address, timeout: float) -> Iterator[socket.socket]:
    """A socket connected to *address*; each operation on it may take *timeout* seconds. Raises OSError."""
    with socket.create_connection((address.host, address.port), timeout) as connection:
        if address.scheme not in SCHEMES or not SCHEMES[address.scheme].encrypted:
            yield connection
            return
        import ssl

        with ssl.create_default_context().wrap_socket(connection, server_hostname=address.host) as encrypted:
            yield encrypted


def read(connection: socket.socket, count: int) -> bytes:
    """Exactly *count* bytes. Raises ConnectionError if the other side sends fewer."""
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise ConnectionError("the connection was closed before an answer")
        data += piece
    return bytes(data)
