"""Uploads to real processes: what they cost, and what is left where one of the two goes away in the middle."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.standins import imagekit
from testbed.standins.imagekit import Failure, ImageKitServer
from testbed.waiting import until
from tests.integration.uploads.conftest import END, Site, begin_upload

MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
MEGABYTE = 2**20
ABANDON = (
    "from website.uploads.models import Media; from django.utils import timezone; from datetime import timedelta;"
    "Media.objects.update(created_at=timezone.now() - timedelta(minutes=16))"
)
COUNT = "from website.uploads.models import Media; print(Media.objects.count())"


def resident(pid: int, what: str) -> int:
    """Bytes, of *what* /proc says: VmRSS now, VmHWM at most since it was last reset."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(what)


def cost(site: Site, size: int) -> int:
    """The number of bytes by which the process grew while it received a file of *size*."""
    # What it takes to upload at all is loaded.
    assert site.upload("small.mp4", MP4, 3 * MEGABYTE)[0] == 201
    pid = site.worker_pid()
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    before = resident(pid, "VmRSS")
    status, told = site.upload("large.mp4", MP4, size)
    assert (status, told["size_bytes"]) == (201, size)
    return resident(pid, "VmHWM") - before


@pytest.fixture(scope="module")
def local(start_site: Callable[..., Site]) -> Site:
    """The site as it is on a fresh machine, but for the size of what it takes."""
    return start_site(UPLOADS_MAX_BYTES=str(250 * MEGABYTE))


@pytest.fixture(scope="module")
def server() -> Iterator[ImageKitServer]:
    with imagekit.serve() as server:
        server.limit = 100 * MEGABYTE
        yield server


@pytest.fixture(scope="module")
def connected(start_site: Callable[..., Site], server: ImageKitServer) -> Site:
    """The site, connected to ImageKit."""
    return start_site(
        UPLOADS_MAX_BYTES=str(server.limit),
        IMAGEKIT_PRIVATE_KEY=server.key,
        IMAGEKIT_URL_ENDPOINT=server.endpoint,
        IMAGEKIT_API_URL=server.url,
    )


def test_local_upload_of_200_mb_costs_under_30_mb_of_memory(local: Site) -> None:
    assert cost(local, 200 * MEGABYTE) <= 30 * MEGABYTE
    assert sum(file.stat().st_size for file in local.media.rglob("*.mp4")) == 203 * MEGABYTE
    until(lambda: not list(local.temporary.iterdir()), "nothing to be left of it")


def test_aborted_upload_leaves_nothing(local: Site) -> None:
    before = local.left(), local.python(COUNT)
    connection = local.connection()
    begin_upload(connection, local.token, "clip.mp4", MP4, 20 * MEGABYTE)
    connection.send(b"\0" * 5 * MEGABYTE)
    until(lambda: len(local.left()) == len(before[0]) + 1, "the half of it")
    connection.close()
    until(lambda: local.left() == before[0], "nothing to be left")
    assert local.python(COUNT) == before[1]
    assert "Traceback" not in local.log


def test_a_large_file_goes_to_imagekit_in_pieces(connected: Site, server: ImageKitServer) -> None:
    assert cost(connected, 60 * MEGABYTE) <= 30 * MEGABYTE
    assert sorted(map(len, server.contents.values())) == [3 * MEGABYTE, 60 * MEGABYTE]
    until(lambda: not connected.left(), "nothing to be left here")


def test_process_killed_while_uploading_leaves_at_most_one_file(connected: Site, server: ImageKitServer) -> None:
    before, rows = set(server.files), connected.python(COUNT)
    go_on = threading.Event()
    failure = Failure(500, stored=True, until=go_on)
    server.failures = [failure]
    connection = connected.connection()
    begin_upload(connection, connected.token, "clip.mp4", MP4, len(MP4), Idempotency_Key="k")
    connection.send(END)
    assert failure.waiting.wait(30)
    # It has stored the file, and the site does not know yet. It never will.
    os.killpg(connected.gunicorn.pid, signal.SIGKILL)
    connected.gunicorn.wait()
    go_on.set()
    connection.close()
    assert len(server.files) == len(before) + 1
    connected.gunicorn = connected.serve()
    assert len(connected.ask("GET", "/uploads/")[1]["results"]) == len(before)
    assert connected.upload("clip.mp4", MP4, len(MP4), Idempotency_Key="k")[0] == 409
    connected.python(ABANDON)
    connected.manage("sweep_uploads")
    assert set(server.files) == before
    assert connected.python(COUNT) == rows
    # The same request, made again at last.
    assert connected.upload("clip.mp4", MP4, len(MP4), Idempotency_Key="k")[0] == 201
    assert len(server.files) == len(before) + 1
