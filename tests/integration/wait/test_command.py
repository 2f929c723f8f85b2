"""``ecluse wait``: it becomes another program, or says what is not ready."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ecluse.machine import process

pytestmark = pytest.mark.counted

SOURCES = str(Path(__file__).resolve().parents[3] / "src")


def ecluse(*arguments: str, **environ: str) -> process.Completed:
    argv = (sys.executable, "-m", "ecluse", "wait", *arguments)
    return process.run(argv, env={**os.environ, "PYTHONPATH": SOURCES, **environ}, check=False, timeout=900)


def test_command_is_started_once_all_services_are_ready(serve: Callable[..., int], tmp_path: Path) -> None:
    port = serve(lambda connection: None)
    (tmp_path / "address").write_text(f"tcp://127.0.0.1:{port}\n")
    print_pid = f"import os, sys; print('pid', os.getpid()); sys.exit({port} % 50 + 3)"
    done = ecluse("CACHE_URL", "--", sys.executable, "-c", print_pid, CACHE_URL_FILE=str(tmp_path / "address"))
    assert done.returncode == port % 50 + 3, "its exit code is the command's"
    told, became = done.output.splitlines()
    assert told.startswith(f"tcp://127.0.0.1:{port} is ready (")
    assert became.startswith("pid ")


def test_quiet_says_nothing_while_all_goes_well(serve: Callable[..., int]) -> None:
    done = ecluse("--quiet", f"tcp://127.0.0.1:{serve(lambda connection: None)}")
    assert (done.returncode, done.output) == (0, "")


def test_unready_service_is_named_and_the_command_not_run(closed_port: int) -> None:
    url = f"redis://shop:s3cret-word@127.0.0.1:{closed_port}"
    done = ecluse("--timeout", "0.1", "CACHE_URL", "--", "echo", "ran", CACHE_URL=url)
    assert done.returncode == 4
    assert f"redis://127.0.0.1:{closed_port}: [Errno" in done.output
    assert "s3cret-word" not in done.output and "ran" not in done.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("CACHE_URL",), 4, "CACHE_URL is not set, and neither is CACHE_URL_FILE"),
        (("tcp://127.0.0.1",), 4, "the address names no port"),
        ((), 2, "Missing argument 'ADDRESS...'"),
    ],
)
def test_invalid_address_is_refused_at_once(arguments: tuple[str, ...], code: int, said: str) -> None:
    done = ecluse(*arguments)
    assert done.returncode == code
    assert said in done.output and "Traceback" not in done.output


def test_missing_command_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = ecluse("--quiet", f"tcp://127.0.0.1:{listener.getsockname()[1]}", "--", "/no/such/program")
    assert done.returncode == 9
    assert "cannot start /no/such/program" in done.output
