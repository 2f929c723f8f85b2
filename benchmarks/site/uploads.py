"""Uploads, measured and written into benchmarks/RESULTS.md: ``python -m benchmarks.site.uploads``.

Needs DATABASE_URL of an empty PostgreSQL database (``./ecluse db --keep`` gives one) and a Docker engine. Fifty people
send a file each at the same instant to gunicorn with three workers: to the site, and to a server that stores the file
and does nothing else. The storage is this machine's disk, and an ImageKit on this machine that takes 200 ms for a file.
"""

from __future__ import annotations

import contextlib
import http.client
import os
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
from ecluse.model import Service
from ecluse.services import container
from tests.support.containers import free_port

TOP = Path(__file__).resolve().parents[2]
PEOPLE = 50
ROUNDS = 5
SIZE = 1_000_000
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
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.travis")
    import django

    django.setup()
    owner, token, photo = _prepare()
    lines = ["## Uploads", "", f"{machine()}; {PEOPLE} files of 1 MB at once, {ROUNDS} times, 3 workers.", ""]
    lines += ["| storage | | median | p95 |", "| --- | --- | ---: | ---: |"]
    slow = []
    # What follows an upload is a worker's work, as in production: here there is none, and what is asked for waits.
    redis = container.run(Service(name="redis", kind="redis", version="8"), os.environ)
    with tempfile.TemporaryDirectory() as folder, _imagekit() as imagekit, redis as broker:
        for name, storage in (("this machine", {}), ("ImageKit, 200 ms", imagekit)):
            environ = {**storage, "CELERY_BROKER_URL": broker}
            found = {}
            for what, app in (("bare", "benchmarks.site.bare:application"), ("site", "website.wsgi:application")):
                with _gunicorn(app, Path(folder), environ) as port:
                    times = _together(port, token, photo)
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


def _prepare() -> tuple[str, str, bytes]:
    """The tokens of somebody who has 100 000 uploads and of somebody who sends some, and a photograph of 1 MB."""
    import io

    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection
    from PIL import Image
    from rest_framework.authtoken.models import Token

    from website.uploads.models import Media

    call_command("migrate", verbosity=0)
    user, _ = User.objects.get_or_create(username="adele")
    if Media.objects.count() < ROWS:
        Media.objects.bulk_create(
            (
                Media(
                    owner=user, state="stored", filename=f"{n}.jpg", mime_type="image/jpeg", size_bytes=1000,
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
    sender, _ = User.objects.get_or_create(username="bruno")
    tokens = [Token.objects.get_or_create(user=one)[0].key for one in (user, sender)]
    return tokens[0], tokens[1], buffer.getvalue().ljust(SIZE, b"\0")


@contextlib.contextmanager
def _imagekit() -> Iterator[dict[str, str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", IMAGEKIT], cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdin
    url = process.stdout.readline().strip()
    yield {"IMAGEKIT_PRIVATE_KEY": "private_x", "IMAGEKIT_URL_ENDPOINT": f"{url}/account", "IMAGEKIT_API_URL": url}
    process.stdin.close()
    process.wait()


@contextlib.contextmanager
def _gunicorn(app: str, folder: Path, environ: dict[str, str]) -> Iterator[int]:
    port = free_port()
    arguments = ["--workers", "3", "--worker-class", "gthread", "--threads", "4", "--no-control-socket"]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *arguments, "--bind", f"127.0.0.1:{port}", app],
            cwd=TOP,
            env={
                **os.environ,
                "DJANGO_MEDIA_ROOT": str(folder / "media"),
                "UPLOADS_PER_HOUR": "1000000",
                "UPLOADS_QUOTA_BYTES": str(10**12),
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
        process.send_signal(signal.SIGTERM)
        process.wait()


def _together(port: int, token: str, photo: bytes) -> list[float]:
    """Milliseconds of each, from the instant at which all begin."""
    head = b'--end-of-part\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n\r\n'
    body = head + photo + b"\r\n--end-of-part--\r\n"
    times: list[float] = []
    failures: list[int] = []

    def send(start: threading.Barrier, keep: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        start.wait()
        began = time.perf_counter()
        headers = {"Authorization": f"Token {token}", "Content-Type": "multipart/form-data; boundary=end-of-part"}
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
        people = [threading.Thread(target=send, args=(start, number > 0)) for _ in range(PEOPLE)]
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
