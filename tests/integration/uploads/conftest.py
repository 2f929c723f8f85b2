"""Redis and MongoDB on the engine; the site under gunicorn, and workers, as processes of their own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from ecluse.definition.model import Service
from ecluse.services import container, empty
from testbed.containers import answers, docker, free_port
from testbed.waiting import until

TOP = Path(__file__).resolve().parents[3]

BOUNDARY = "end-of-part"
END = f"\r\n--{BOUNDARY}--\r\n".encode()


class Contained:
    """A server in a container, which can be taken away and given back as it was."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = docker("ps", "--quiet", "--filter", f"publish={urlsplit(url).port}").stdout.strip()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """A server that accepts connections and never answers: the worst way to be unreachable."""
        docker("pause", self.name)
        try:
            yield
        finally:
            docker("unpause", self.name)


def _contained(service: Service) -> Iterator[Contained]:
    reason = container.why_not(service, os.environ)
    if reason:
        pytest.skip(reason)
    with container.empty(service, os.environ) as url:
        yield Contained(url)


@pytest.fixture(scope="session")
def mongodb() -> Iterator[Contained]:
    yield from _contained(Service(name="mongodb", kind="mongodb", version="8"))


@pytest.fixture(scope="session")
def redis() -> Iterator[Contained]:
    yield from _contained(Service(name="redis", kind="redis", version="8"))


class Site:
    """The site under gunicorn, with one worker, on a database and a folder of its own; and Adèle, who has a token."""

    def __init__(self, folder: Path, database: str, **environ: str) -> None:
        self.folder = folder
        self.media, self.temporary = folder / "media", folder / "tmp"
        self.temporary.mkdir()
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "ECLUSE_"))},
            "PYTHONPATH": f"{TOP / 'src'}:{TOP}",
            "DJANGO_SETTINGS_MODULE": "settings.local",
            "DJANGO_DEBUG": "false",
            "DATABASE_URL": database,
            "DJANGO_MEDIA_ROOT": str(self.media),
            "TMPDIR": str(self.temporary),
            **environ,
        }
        self.port = free_port()
        self.started: list[subprocess.Popen[bytes]] = []
        self.token = self.python(
            "from django.contrib.auth.models import User; from rest_framework.authtoken.models import Token;"
            "print(Token.objects.create(user=User.objects.create_user('adele')).key)"
        )
        self.gunicorn = self.serve()

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], env=self.environ, cwd=TOP, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def python(self, code: str) -> str:
        """The output of *code*, run with the site loaded."""
        return self.manage("shell", "--verbosity", "0", "--command", code)

    def serve(self) -> subprocess.Popen[bytes]:
        process = self._start(
            "gunicorn", "--workers", "1", "--worker-class", "gthread", "--threads", "4", "--no-control-socket",
            "--bind", f"127.0.0.1:{self.port}", "website.wsgi:application",
        )  # fmt: skip
        until(lambda: answers(f"http://127.0.0.1:{self.port}/ping/")[0] == 200, f"the site: {self.log}", seconds=300)
        return process

    def work(self) -> subprocess.Popen[bytes]:
        """A worker."""
        return self._start("celery", "--app", "website", "worker", "--loglevel", "INFO", "--concurrency", "1")

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", program, *arguments],
                env=self.environ, cwd=TOP, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.started.append(process)
        return process

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def stop(self) -> None:
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def worker_pid(self) -> int:
        """The process that answers requests."""
        children = Path(f"/proc/{self.gunicorn.pid}/task/{self.gunicorn.pid}/children").read_text().split()
        assert len(children) == 1, children
        return int(children[0])

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, method: str, path: str) -> tuple[int, Any]:
        connection = self.connection()
        connection.request(method, path, headers={"Authorization": f"Token {self.token}"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, json.loads(body) if body else None

    def upload(self, name: str, head: bytes, size: int, **headers: str) -> tuple[int, Any]:
        """Send a file of *size* bytes that begins with *head*, without having it whole anywhere."""
        connection = self.connection()
        begin_upload(connection, self.token, name, head, size, **headers)
        block, left = b"\0" * 2**20, size - len(head)
        while left > 0:
            connection.send(block[:left])
            left -= len(block)
        connection.send(END)
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found

    def left(self) -> list[str]:
        """The files on the disk."""
        folders = (self.media, self.temporary)
        return [str(file.relative_to(self.folder)) for one in folders for file in one.rglob("*") if file.is_file()]


def begin_upload(
    connection: http.client.HTTPConnection, token: str, name: str, head: bytes, size: int, **headers: str
) -> None:
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    connection.putrequest("POST", "/upload/")
    connection.putheader("Authorization", f"Token {token}")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    connection.putheader("Content-Length", str(len(part) + size + len(END)))
    for header, value in headers.items():
        connection.putheader(header.replace("_", "-"), value)
    connection.endheaders()
    connection.send(part + head)


@pytest.fixture(scope="session")
def migrated() -> Iterator[str]:
    """The address of a database with the site's tables, to make others of."""
    # Not the tests' own, which is a clone for this process alone.
    environ = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    with empty.server(environ) as server:
        _execute(server, "CREATE DATABASE migrated")
        url = empty.named(server, "migrated")
        environ.update(PYTHONPATH=f"{TOP / 'src'}:{TOP}", DJANGO_SETTINGS_MODULE="settings.local", DATABASE_URL=url)
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], env=environ, cwd=TOP, check=True)
        yield url


def _execute(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


@pytest.fixture(scope="module")
def start_site(tmp_path_factory: pytest.TempPathFactory, migrated: str) -> Iterator[Callable[..., Site]]:
    """A function that starts a site, configured by *environ*."""
    with contextlib.ExitStack() as stack:

        def start(**environ: str) -> Site:
            name = f"site_{secrets.token_hex(4)}"
            _execute(empty.named(migrated, "postgres"), f"CREATE DATABASE {name} TEMPLATE migrated")
            site = Site(tmp_path_factory.mktemp("site"), empty.named(migrated, name), **environ)
            stack.callback(site.stop)
            return site

        yield start
