"""A process of an ASGI site, from the starter to gunicorn and uvicorn, on the test's own sockets."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from testbed.waiting import until
from tests.integration.rollout.test_slot import Place, ask, assert_opened_by_its_slot_alone

pytestmark = pytest.mark.counted

# It answers with the status that the path asks for, echoes what a WebSocket sends, and tells its lifespan's state.
APPLICATION = """
import asyncio, os

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    if scope["path"] == "/raises/":
        raise LookupError("nothing there")
    if scope["path"] == "/slow/":
        await asyncio.sleep(1)
    status = int(scope["path"].strip("/")) if scope["path"].strip("/").isdigit() else 200
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": f"{os.environ['ECLUSE_RELEASE']} {os.getpid()}".encode()})
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with contextlib.closing(Place(tmp_path, listener)) as made:
            (made.app / "site_wsgi.py").write_text(APPLICATION)
            made.describe(ECLUSE_ASGI="1", ECLUSE_HEALTH="/health/")
            yield made


@pytest.fixture
def serving(place: Place) -> Place:
    """A slot that has been opened, and accepts."""
    place.serve()
    return place


def test_asgi_process_answers_only_the_gate_until_its_slot_opens(place: Place) -> None:
    assert_opened_by_its_slot_alone(place)


def test_asgi_answers_and_errors_are_counted(serving: Place) -> None:
    for path in ("/200", "/404", "/503", "/500", "/raises/", "/health/"):
        ask(serving.public, path)
    until(lambda: len(serving.slot.errors) == 2, "the errors to be noted")
    assert serving.slot.errors == ["500 GET /500", "500 GET /raises/"]
    until(lambda: serving.slot.counts.answers == 5, "the answers to be counted")
    assert serving.slot.counts.errors == 2


def test_maintenance_page_stands_for_an_asgi_site(serving: Place) -> None:
    page = serving.slot.folder.parent.parent / "maintenance.html"
    page.write_text("back soon")
    try:
        assert ask(serving.public) == (503, "back soon")
        assert ask(serving.public, "/health/")[0] == 200
        with pytest.raises(Exception, match="HTTP 403"):
            connect(f"ws://{serving.public}/echo/")
    finally:
        page.unlink()


def asked(connection: http.client.HTTPConnection) -> tuple[int, str | None]:
    """The status of the next answer on *connection*, and what it says of the connection."""
    connection.request("GET", "/")
    with connection.getresponse() as response:
        response.read()
        return response.status, response.getheader("Connection")


def test_ending_asgi_process_answers_whoever_has_connected(serving: Place) -> None:
    """A visitor who waits for an answer, another who has connected and not asked yet, and a WebSocket."""
    host, _, port = serving.public.partition(":")
    answers: list[tuple[int, str]] = []
    waiting = threading.Thread(target=lambda: answers.append(ask(serving.public, "/slow/")))
    waiting.start()
    with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=20)) as quiet:
        quiet.connect()
        with connect(f"ws://{serving.public}/echo/") as echo:
            echo.send("hello")
            assert echo.recv() == "hello"
            serving.running[0].send_signal(signal.SIGTERM)
            until(lambda: asked(quiet) == (200, "close"), "an answer that ends the connection")
            with pytest.raises(ConnectionClosed) as closed:
                echo.recv(timeout=30)
    waiting.join(timeout=30)
    assert [status for status, _ in answers] == [200]
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1012
    assert serving.running[0].wait(timeout=30) == 0
    assert serving.slot.errors == []


def test_asgi_worker_replaced_by_gunicorn_is_no_crash(place: Place) -> None:
    (place.app / "gunicorn.conf.py").write_text("max_requests = 2\n")
    place.start()
    ask(place.private())
    place.slot.open()
    until(lambda: place.slot.accepting, "the slot to accept")
    first = ask(place.public)[1]
    until(lambda: ask(place.public)[1] != first, "another worker")
    assert place.slot.errors == []


def test_dead_asgi_worker_is_noted(serving: Place) -> None:
    worker = int(ask(serving.public)[1].split()[1])
    os.kill(worker, signal.SIGKILL)
    until(lambda: bool(serving.slot.errors), "the end to be noted")
    assert serving.slot.errors == [f"worker ended {worker}"]
    assert ask(serving.public)[1].startswith("one ")
