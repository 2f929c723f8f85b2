"""Uploads, measured and written into benchmarks/RESULTS.md: ``python -m benchmarks.site.uploads``.

Needs a Docker engine. Fifty people, each from their own address, send a file each at the same instant to gunicorn with
three workers, settings and configuration as in the image: to the site, and to a server that stores the file by the same
code and does nothing else. The storage is this machine's disk, and an ImageKit on this machine that takes 200 ms for a
file. PostgreSQL writes to the disk what it says that it has written, as in production.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks.results import machine, write_section
from ecluse import probes
from ecluse.definition.model import Service
from ecluse.machine import process
from ecluse.services import container
from ecluse.services.cluster import Cluster
from testbed.containers import free_port

TOP = Path(__file__).resolve().parents[2]
PEOPLE = 50
ROUNDS = 5
SIZE = 1_000_000
HOST = "uploads.example"
ROWS = 100_000
LIMIT_RATIO = 1.5
LIMIT_LIST_MS = 20.0

IMAGEKIT = """
import sys, time
from tests.support import imagekit
store = imagekit.ImageKitServer.store
def slowly(self, *arguments):
    time.sleep(0.2)
    return store(self, *arguments)
imagekit.ImageKitServer.store = slowly
with imagekit.serve("private_x") as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


@click.command()
def main() -> None:
    # What follows an upload is a worker's work, as in production: here there is none, and what is asked for waits.
    redis = container.empty(Service(name="redis", kind="redis", version="8"), os.environ)
    with tempfile.TemporaryDirectory() as folder, redis as broker, _postgresql(Path(folder)) as database:
        os.environ.update(DATABASE_URL=database, DJANGO_SETTINGS_MODULE="settings.travis")
        _measure(Path(folder), broker)


def _measure(folder: Path, broker: str) -> None:
    import django

    django.setup()
    owner, tokens, photo = _prepare()
    lines = ["## Uploads", "", f"{machine()}; {PEOPLE} files of 1 MB at once, {ROUNDS} times, 3 workers.", ""]
    lines += ["| storage | | median | p95 |", "| --- | --- | ---: | ---: |"]
    slow = []
    with _imagekit() as imagekit:
        for name, storage in (("this machine", {}), ("ImageKit, 200 ms", imagekit)):
            found = {}
            for what, app in (("bare", "benchmarks.site.bare:application"), ("site", "website.wsgi:application")):
                with _gunicorn(app, folder, {**storage, "CELERY_BROKER_URL": broker}) as port:
                    times = _together(port, tokens, photo)
                found[what] = _p95(times)
                lines.append(f"| {name} | {what} | {statistics.median(times):.0f} ms | {found[what]:.0f} ms |")
            ratio = found["site"] / found["bare"]
            lines.append(f"| | **site : bare** (budget: p95 ≤ {LIMIT_RATIO}) | | **{ratio:.2f}** |")
            slow += [ratio] if ratio > LIMIT_RATIO else []
    times = _lists(owner)
    p95 = _p95(times)
    lines += ["", f"Lists of 24 of {ROWS} uploads: median {statistics.median(times):.1f} ms, p95 {p95:.1f} ms"]
    lines[-1] += f" (budget: {LIMIT_LIST_MS:.0f} ms). No request failed."
    write_section("uploads", "\n".join(lines))
    click.echo("\n".join(lines))
    if slow or p95 > LIMIT_LIST_MS:
        raise SystemExit(1)


def _prepare() -> tuple[str, list[str], bytes]:
    """The tokens of somebody who has 100 000 uploads and of those who send some, and a photograph of 1 MB."""
    import io

    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection
    from PIL import Image
    from rest_framework.authtoken.models import Token

    from website.uploads.models import Media

    call_command("migrate", verbosity=0)
    owner, *people = [User.objects.create(username=f"person-{n}") for n in range(PEOPLE + 1)]
    Media.objects.bulk_create(
        (
            Media(
                owner=owner, state="stored", filename=f"{n}.jpg", mime_type="image/jpeg", size_bytes=1000,
                storage="local", url=f"/media/{n}.jpg", tags=["port" if n % 10 else "été"], metadata={},
            )
            for n in range(ROWS)
        ),
        batch_size=2000,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    buffer = io.BytesIO()
    Image.effect_noise((1000, 1000), 60).save(buffer, "JPEG", quality=90)
    tokens = [Token.objects.create(user=person).key for person in people]
    return Token.objects.create(user=owner).key, tokens, buffer.getvalue().ljust(SIZE, b"\0")


@contextlib.contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    """The address of an empty database, of a server as a rollout to this machine has one."""
    # It runs as an account of its own where we are root.
    folder.chmod(0o755)
    cluster = Cluster.at(folder / "postgres", os.environ)
    cluster.create(database="site")
    with (folder / "log").open("ab") as log:
        server = process.spawn(
            cluster.server_argv(), stdout=log, stderr=log, user=cluster.account.user, group=cluster.account.group
        )
    try:
        probes.wait([cluster.url("site")], timeout=30)
        yield cluster.url("site")
    finally:
        process.stop(server, first=signal.SIGINT)


@contextlib.contextmanager
def _imagekit() -> Iterator[dict[str, str]]:
    server = subprocess.Popen(
        [sys.executable, "-c", IMAGEKIT], cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout and server.stdin
    url = server.stdout.readline().strip()
    yield {"IMAGEKIT_PRIVATE_KEY": "private_x", "IMAGEKIT_URL_ENDPOINT": f"{url}/account", "IMAGEKIT_API_URL": url}
    server.stdin.close()
    server.wait()


@contextlib.contextmanager
def _gunicorn(app: str, folder: Path, environ: dict[str, str]) -> Iterator[int]:
    port = free_port()
    arguments = ["--config", "ops/container/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *arguments, app],
            cwd=TOP,
            env={
                **os.environ,
                "WEB_CONCURRENCY": "3",
                "DJANGO_SETTINGS_MODULE": "settings.production",
                "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
                "DJANGO_ALLOWED_HOSTS": HOST,
                "DJANGO_BEHIND_PROXY": "true",
                "DJANGO_MEDIA_ROOT": str(folder / "media"),
                "DJANGO_LOG_LEVEL": "ERROR",
                **environ,
            },
            stdout=log,
            stderr=log,
        )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ping/", timeout=5):
                break
            time.sleep(0.05)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def _together(port: int, tokens: list[str], photo: bytes) -> list[float]:
    """Milliseconds of each, from the instant at which all begin."""
    head = b'--end-of-part\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n\r\n'
    body = head + photo + b"\r\n--end-of-part--\r\n"
    times: list[float] = []
    failures: list[int] = []

    def send(person: int, start: threading.Barrier, keep: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        headers = {
            "Host": HOST,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": f"192.0.2.{person}",
            "Authorization": f"Token {tokens[person]}",
            "Content-Type": "multipart/form-data; boundary=end-of-part",
        }
        start.wait()
        began = time.perf_counter()
        connection.request("POST", "/upload/", body, headers)
        answer = connection.getresponse()
        answer.read()
        took = (time.perf_counter() - began) * 1000
        connection.close()
        if answer.status != 201:
            failures.append(answer.status)
        elif keep:
            times.append(took)

    for number in range(ROUNDS + 1):  # in the first, each worker loads what it needs
        start = threading.Barrier(PEOPLE)
        people = [threading.Thread(target=send, args=(person, start, number > 0)) for person in range(PEOPLE)]
        for thread in people:
            thread.start()
        for thread in people:
            thread.join()
    assert not failures, failures
    return times


def _lists(token: str) -> list[float]:
    """Milliseconds, of page after page, of all and of those with a tag."""
    from django.test import Client

    client = Client(headers={"Authorization": f"Token {token}"})
    times: list[float] = []
    for parameters in ({}, {"tag": "port"}, {"tag": "été"}):
        cursor: str | None = None
        for number in range(42):
            began = time.perf_counter()
            answer = client.get("/uploads/", {**parameters, **({"cursor": cursor} if cursor else {})})
            took = (time.perf_counter() - began) * 1000
            assert answer.status_code == 200, answer.content
            cursor = answer.json()["next"]
            if number >= 2:  # the first ones load code, and plans
                times.append(took)
    return times


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    main()
