"""The listening socket that Supervisor cannot open, and a Supervisor that is ending."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

import pytest

from ecluse.definition.model import Environment
from ecluse.deploy.targets.server import place as places
from ecluse.deploy.targets.server.daemon import Daemon
from ecluse.deploy.targets.server.place import Place
from ecluse.errors import TargetError


class Refusing:
    """A Supervisor that starts nothing, and ends nothing."""

    def alive(self) -> bool:
        return True

    def ending(self) -> bool:
        return False

    def start(self, name: str) -> None:
        raise TargetError(f"Supervisor failed at startProcess {name}")

    def states(self) -> dict[str, Any]:
        raise AssertionError("nothing is to be ended")


class Ending:
    """A Supervisor that is ending, and gone once it has been waited for."""

    def ending(self) -> bool:
        return True

    def alive(self) -> bool:
        return False


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    """The daemon of an environment that should listen on port 8000, where another program listens."""
    monkeypatch.setattr(places, "_free", lambda host, port: True)
    place = Place(tmp_path, Environment(name="local", target="server", settings="s", url="https://shop.example"), {})
    made = Daemon(place, print)
    made.client = Refusing()  # type: ignore[assignment]
    place.choose_address(print)
    made.holder.reserve(place.account())
    monkeypatch.setattr(places, "_free", lambda host, port: port != 8000)
    return made


def test_running_holder_keeps_the_port_after_other_failures(daemon: Daemon) -> None:
    with open(daemon.holder.folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(TargetError, match="Supervisor failed at startProcess web:0"):
            daemon.hold()
    assert daemon.place.listen == ("127.0.0.1", 8000)


def test_lost_port_is_an_error_and_stops_no_process(daemon: Daemon) -> None:
    (daemon.holder.folder / "lock").touch()
    with pytest.raises(TargetError, match="port 8000 of local is taken by another program"):
        daemon.hold()
    assert daemon.place.listen == ("127.0.0.1", 8000)


def test_stop_waits_for_a_supervisor_that_is_ending(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    daemon.client = Ending()  # type: ignore[assignment]
    daemon.stop()
    assert "Supervisor is ending: waiting for its end" in capsys.readouterr().out
