"""``ecluse db``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ecluse import probes
from ecluse.machine import process
from testbed.waiting import until

pytestmark = [pytest.mark.counted, pytest.mark.slow]

CREATE = """
import os, sys
from ecluse.probes.postgres import connect

connection = connect(os.environ["DATABASE_URL"])
cursor = connection.cursor()
cursor.execute("CREATE TABLE t (n int)")
cursor.execute("SELECT version()")
print(cursor.fetchone()[0])
print("folder", os.environ["PGHOST"])
connection.close()
sys.exit(7)
"""


def folder_of(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def started(project: Any) -> tuple[subprocess.Popen[bytes], str]:
    running = process.spawn(
        (sys.executable, "-m", "ecluse", "db", "--json"),
        cwd=project.folder,
        env=project.environ,
        stdout=subprocess.PIPE,
    )
    assert running.stdout is not None
    with running.stdout:
        return running, str(json.loads(running.stdout.readline())["url"])


def test_db_command_returns_the_exit_code_of_its_program(
    project: Any,
) -> None:
    done = project.python("-m", "ecluse", "db", "--", sys.executable, "-c", CREATE, check=False)
    assert done.returncode == 7
    assert "PostgreSQL 18" in done.output
    folder = Path(done.output.partition("folder ")[2].strip())
    until(lambda: not folder.exists(), "its end")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_throwaway_database_is_removed_however_it_ends(project: Any, number: signal.Signals) -> None:
    running, url = started(project)
    probes.wait([url], timeout=10)
    os.kill(running.pid, number)
    assert running.wait(30) == (0 if number != signal.SIGKILL else -signal.SIGKILL)
    until(lambda: not folder_of(url).exists(), "its end")


def test_kept_database_stays_until_it_is_stopped(project: Any) -> None:
    told = json.loads(project.python("-m", "ecluse", "db", "--keep", "--json").output)
    try:
        probes.wait([told["url"]], timeout=10)
    finally:
        project.python("-m", *told["stop"].split())
    assert not folder_of(told["url"]).exists()


def test_stop_of_another_folder_touches_nothing(project: Any) -> None:
    done = project.python("-m", "ecluse", "db", "--stop", str(project.folder), check=False)
    assert done.returncode == 4
    assert project.folder.exists()


@pytest.mark.engine
def test_throwaway_database_can_be_a_container(project: Any, engine: None) -> None:
    done = project.python(
        "-m", "ecluse", "db", "--postgres", "container", "--", sys.executable, "-c", CREATE, check=False
    )
    assert done.returncode == 7
    assert "PostgreSQL 18" in done.output
