"""A RabbitMQ on the engine, workers and beats as processes of their own, and Open-Meteo on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from testbed import rabbitmq
from testbed.containers import await_
from testbed.rabbitmq import Broker
from testbed.standins import open_meteo

TOP = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def _broker() -> Iterator[Broker]:
    with rabbitmq.running() as running:
        yield running


@pytest.fixture
def broker(_broker: Broker) -> Broker:
    """RabbitMQ, with nothing in it."""
    _broker.empty()
    return _broker


@pytest.fixture
def upstream() -> Iterator[open_meteo.OpenMeteoServer]:
    with open_meteo.running() as server:
        yield server


class Processes:
    """Workers and beats. What they say is in *log*."""

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        self.environ, self.folder = environ, folder
        self.started: list[subprocess.Popen[bytes]] = []

    @property
    def log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[bytes]:
        number = len(self.started)
        # Each has a folder of its own for the file by which it says that it lives.
        own = self.folder / str(number)
        own.mkdir()
        with (self.folder / f"{number}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "--app", "website", *arguments, "--loglevel", "INFO"],
                env={**self.environ, "TMPDIR": str(own), **environ},
                cwd=TOP,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        await_(lambda: (own / "alive").exists() or process.poll() is not None, "a sign of life", 60)
        assert process.poll() is None, self.log
        return process

    def worker(self, *, concurrency: int = 2) -> subprocess.Popen[bytes]:
        return self.start("worker", "--concurrency", str(concurrency), "--hostname", f"w{len(self.started)}@test")

    def beat(self) -> subprocess.Popen[bytes]:
        return self.start("beat", "--max-interval", "1")

    @staticmethod
    def kill(process: subprocess.Popen[bytes]) -> None:
        """``kill -9``, it and all that it has started."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.terminate()
        for process in self.started:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                pass
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


@pytest.fixture
def processes(broker: Broker, upstream: Any, transactional_db: None) -> Iterator[Processes]:
    """Starts workers on the test's own database, and ends them before the database is emptied."""
    database = connection.settings_dict
    account, name = f"{database['USER']}:{database['PASSWORD']}", database["NAME"]
    host, port = database["HOST"], database["PORT"] or 5432
    address = f"postgres://{account}@/{name}?host={host}&port={port}"
    if not host.startswith("/"):  # else the folder of a socket
        address = f"postgres://{account}@{host}:{port}/{name}"
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "ECLUSE_", "CELERY_"))
    }
    environ = {
        **clean,
        "PYTHONPATH": f"{TOP / 'src'}{os.pathsep}{TOP}",
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "settings.local",
        "DJANGO_DEBUG": "false",
        "DATABASE_URL": address,
        "CELERY_BROKER_URL": broker.url,
        "OPEN_METEO_URL": upstream.url,
        "OPEN_METEO_GEOCODING_URL": upstream.url,
        "OPEN_METEO_PER_MINUTE": "0",
    }
    with tempfile.TemporaryDirectory(prefix="ecluse-weather-") as folder:
        found = Processes(environ, Path(folder))
        yield found
        found.close()
        print(found.log)


@pytest.fixture
def send(broker: Broker) -> Iterator[Callable[..., None]]:
    """A function that puts tasks into a queue: send("weather.fetch_place", 1, 2, queue="weather")."""
    from kombu import Connection

    from website.celery import app

    # This process, as any of the tests, has no broker by its settings.
    app.conf.update(task_always_eager=False)

    def send(task: str, *arguments: Any, queue: str, **options: Any) -> None:
        with Connection(broker.url) as connected:
            for argument in arguments:
                app.send_task(task, argument, connection=connected, queue=queue, **options)

    yield send
    app.conf.update(task_always_eager=True)
