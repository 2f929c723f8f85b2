"""Docker from outside, as the tests of the images use it."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

__all__ = ["CANARY", "LABEL", "TOP", "answers", "await_", "docker", "free_port", "inspect", "listening", "port_of"]

TOP = Path(__file__).resolve().parents[1]
LABEL = "ecluse.test=image"

# Where no file that git ignores may end up. Told to nobody else.
CANARY = "canary-4f9a1c77-of-a-secret-that-no-layer-may-hold"


def docker(*arguments: str, check: bool = True, **options: object) -> subprocess.CompletedProcess[str]:
    done: subprocess.CompletedProcess[str] = subprocess.run(
        ("docker", *arguments), text=True, capture_output=True, check=False, **options  # type: ignore[call-overload]
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def await_(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)


@contextlib.contextmanager
def listening(port: int = 0) -> Iterator[int]:
    """Another program listens there for as long as the context lasts; yields the port, by default any that is free."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        yield int(other.getsockname()[1])


def answers(url: str, **headers: str) -> tuple[int, str]:
    """Status and body of the answer at *url*; (0, reason) without one."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def port_of(container: str, port: int) -> str:
    return docker("port", container, f"{port}/tcp").stdout.splitlines()[0].rpartition(":")[2]


def inspect(what: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(docker("inspect", what).stdout)
    return found[0]
