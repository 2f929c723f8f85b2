"""The probe of an AMQP 0-9-1 broker (RabbitMQ): it opens a connection to the user's virtual host.

Frames and methods: https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf, sections 2.3.5 and 4.2.
"""

from __future__ import annotations

import socket
import struct
from urllib.parse import unquote

from ecluse.probes import NotReady
from ecluse.probes.address import Address
from ecluse.probes.sockets import open_connection, read

__all__ = ["ask"]

PROTOCOL = b"AMQP\x00\x00\x09\x01"
METHOD_FRAME, FRAME_END = 1, 0xCE
_LONGEST_FRAME = 131072

# (class, method): class 10 is "connection".
START, START_OK = (10, 10), (10, 11)
TUNE, TUNE_OK = (10, 30), (10, 31)
OPEN, OPEN_OK = (10, 40), (10, 41)
CLOSE, CLOSE_OK = (10, 50), (10, 51)


def ask(address: Address, timeout: float) -> None:
    """Open a connection and close it: the broker accepts the user, and the virtual host exists."""
    with open_connection(address, timeout) as connection:
        connection.sendall(PROTOCOL)
        _expect(connection, START)
        user, password = address.user or "guest", address.password.reveal() or "guest"
        # Without this capability the broker answers a wrong password by closing the connection, without a word.
        refusals = _short("authentication_failure_close") + b"t\x01"
        properties = _long(_short("capabilities") + b"F" + _long(refusals))
        credentials = _long(f"\0{user}\0{password}".encode())
        _send(connection, START_OK, properties + _short("PLAIN") + credentials + _short("en_US"))
        limits = _expect(connection, TUNE)[:6]  # as many channels, frames as long, as the broker says
        _send(connection, TUNE_OK, limits + b"\x00\x00")  # no heartbeat
        _send(connection, OPEN, _short(unquote(address.path[1:]) or "/") + _short("") + b"\x00")
        _expect(connection, OPEN_OK)
        _send(connection, CLOSE, struct.pack(">H", 200) + _short("ready") + b"\x00\x00\x00\x00")
        _expect(connection, CLOSE_OK)


def _expect(connection: socket.socket, method: tuple[int, int]) -> bytes:
    """The arguments of *method*, which must be the next one that the broker sends."""
    kind, _channel, length = struct.unpack(">BHI", read(connection, 7))
    if kind != METHOD_FRAME or not 4 <= length <= _LONGEST_FRAME:
        # A broker of another version of the protocol answers with that version's header.
        raise NotReady("this does not speak AMQP 0-9-1")
    payload = read(connection, length)
    if read(connection, 1)[0] != FRAME_END:
        raise NotReady("this does not speak AMQP 0-9-1")
    received = struct.unpack(">HH", payload[:4])
    if received == CLOSE:
        code, size = struct.unpack(">HB", payload[4:7])
        raise NotReady(f"refused with {code}: {payload[7 : 7 + size].decode(errors='replace')}")
    if received != method:
        raise NotReady(f"method {received} where {method} was expected")
    return payload[4:]


def _send(connection: socket.socket, method: tuple[int, int], arguments: bytes) -> None:
    payload = struct.pack(">HH", *method) + arguments
    connection.sendall(struct.pack(">BHI", METHOD_FRAME, 0, len(payload)) + payload + bytes([FRAME_END]))


def _short(text: str) -> bytes:
    data = text.encode()
    return bytes([len(data)]) + data


def _long(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data
