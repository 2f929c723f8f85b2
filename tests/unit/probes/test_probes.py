"""The bytes of the protocols, against their specifications. The servers themselves: tests/integration/image."""

import pytest

from ecluse.errors import ServiceError
from ecluse.probes import wait
from ecluse.probes.mongodb import HELLO, is_ok
from ecluse.probes.redis import command
from ecluse.probes.schemes import SCHEMES


def test_every_scheme_has_a_probe():
    from importlib import import_module

    assert all(callable(import_module(f"ecluse.probes.{scheme.probe}").ask) for scheme in SCHEMES.values())


def test_unknown_scheme_is_refused_before_any_probe():
    with pytest.raises(ServiceError, match="how to ask gopher"):
        wait(["tcp://127.0.0.1:1", "gopher://127.0.0.1:70"], timeout=60)


def test_a_redis_command_is_an_array_of_bulk_strings():
    assert command("AUTH", "gé") == b"*2\r\n$4\r\nAUTH\r\n$3\r\ng\xc3\xa9\r\n"


def test_mongodb_hello_states_its_own_length():
    assert int.from_bytes(HELLO[:4], "little") == len(HELLO)
    document = HELLO[21:]
    assert int.from_bytes(document[:4], "little") == len(document)
    assert document.endswith(b"\x02$db\x00\x06\x00\x00\x00admin\x00\x00")


def test_mongodb_says_ok_with_a_double_or_an_integer():
    assert is_ok(b"\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0?")
    assert is_ok(b"\x10ok\x00\x01\x00\x00\x00")
    assert not is_ok(b"\x01ok\x00\x00\x00\x00\x00\x00\x00\x00\x00")
