"""A PostgreSQL for these tests, and the small project with an empty database on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from ecluse.machine import process
from ecluse.services.lease import Lease
from ecluse.services.throwaway import Server
from testbed.containers import TOP
from testbed.unpacked import Unpacked


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a PostgreSQL for these tests."""
    running = process.spawn(
        (sys.executable, "-m", "ecluse", "db", "--json", "--postgres", "embedded"),
        env={**os.environ, "PYTHONPATH": str(TOP / "src")},
        stdout=subprocess.PIPE,
    )
    assert running.stdout is not None
    with running.stdout:
        yield json.loads(running.stdout.readline())["url"]
    assert process.stop(running) == 0


@pytest.fixture
def throwaway() -> Iterator[str]:
    """The address of a server that a copy may be made on."""
    lease = Lease.take(os.environ)
    try:
        made = Server.of(lease, "18", os.environ)
        made.create()
        made.start()
        made.hand_over()
        yield made.url("postgres")
    finally:
        lease.release()


@pytest.fixture
def release(server: str, tmp_path: Path) -> Unpacked:
    """The project, with an empty database."""
    connection = psycopg2.connect(server)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for name in ("shop", "stats"):
                cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute("CREATE DATABASE shop")
    finally:
        connection.close()
    return Unpacked(tmp_path, server.replace("/postgres?", "/shop?"))
