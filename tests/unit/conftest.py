"""Unit tests start no process and open no connection: what would is refused, and so found."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

from ecluse import secrets

# A machine that is busy fails no test: none of these measures anything.
settings.register_profile("unmeasured", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unmeasured")


class Refused(BaseException):
    """Not an Exception: code under test that tolerates errors must not tolerate this one."""


@pytest.fixture(autouse=True, scope="module")
def no_processes_and_no_sockets() -> Iterator[None]:
    """The guard: put up for a module, since the tests of other folders may run in the same session."""

    def refuse(what: str) -> object:
        def refused(*arguments: object, **options: object) -> NoReturn:
            raise Refused(f"a unit test {what}: {arguments!r}; it belongs in tests/integration")

        return refused

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(subprocess, "Popen", refuse("started a program"))
        for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp", "system", "execv", "execve"):
            monkeypatch.setattr(os, name, refuse("started a program"))
        for name in ("connect", "connect_ex", "bind", "listen", "sendto"):
            monkeypatch.setattr(socket.socket, name, refuse("used the network"))
        yield


@pytest.fixture(autouse=True)
def no_secrets_from_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_known", set())
