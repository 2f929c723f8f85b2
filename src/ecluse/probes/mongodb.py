"""The probe of MongoDB: it answers "hello", which needs no authentication.

Messages: https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/ (OP_MSG); documents:
https://bsonspec.org
"""

from __future__ import annotations

import struct

from ecluse.probes import NotReady
from ecluse.probes.address import Address
from ecluse.probes.sockets import open_connection, read

__all__ = ["HELLO", "ask", "is_ok"]

OP_MSG = 2013

# {"hello": 1, "$db": "admin"} as BSON, in a message with no flags and one section of kind 0 (a single document).
_DOCUMENT = b"\x10hello\x00\x01\x00\x00\x00" + b"\x02$db\x00\x06\x00\x00\x00admin\x00"
_BODY = struct.pack("<IBi", 0, 0, len(_DOCUMENT) + 5) + _DOCUMENT + b"\x00"
HELLO = struct.pack("<iiii", 16 + len(_BODY), 1, 0, OP_MSG) + _BODY

_LONGEST = 48_000_000


def ask(address: Address, timeout: float) -> None:
    """Send "hello", and look for "ok: 1" in the answer."""
    with open_connection(address, timeout) as connection:
        connection.sendall(HELLO)
        length, _request, _response_to, operation = struct.unpack("<iiii", read(connection, 16))
        if operation != OP_MSG or not 16 < length < _LONGEST:
            raise NotReady("this does not speak MongoDB's protocol")
        if not is_ok(read(connection, length - 16)):
            raise NotReady("it does not answer hello with ok")


def is_ok(answer: bytes) -> bool:
    """Whether *answer* has a BSON element "ok" with the value 1, as a double or an integer."""
    number, value = b"\x01ok\x00", struct.pack("<d", 1)
    integer, one = b"\x10ok\x00", struct.pack("<i", 1)
    return number + value in answer or integer + one in answer
