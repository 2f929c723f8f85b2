"""The program that keeps a container for commands ends a minute after the last one."""

from __future__ import annotations

import os
import time

import pytest

from ecluse.deploy.targets.swarm import idle


def test_container_ends_a_minute_after_its_last_command(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(time, "sleep", sleep)
    me = [str(os.getpid()), "1", "self"]
    monkeypatch.setattr(os, "listdir", lambda path: [*me, "77"] if now < 300 else me)
    idle.main()
    assert now == 300 - 1 + idle.MINUTE
