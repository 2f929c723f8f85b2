"""Whether a service is ready, asked over a connection: what it answers decides, not that it listens."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable

import pytest

from ecluse.errors import ServiceError
from ecluse.probes import wait

pytestmark = pytest.mark.counted

Serve = Callable[[Callable[[socket.socket], None]], int]


def said(*answers: bytes) -> Callable[[socket.socket], None]:
    """A server that gives an answer to each thing that it is told, and then listens in silence."""

    def conversation(connection: socket.socket) -> None:
        for answer in answers:
            connection.recv(65536)
            connection.sendall(answer)
        connection.recv(65536)

    return conversation


def reason(url: str) -> str:
    """Why the service at *url* is not ready."""
    with pytest.raises(ServiceError) as caught:
        wait([url], timeout=0)
    return caught.value.what.partition(f"{url.rpartition('@')[2].partition('://')[2]}: ")[2] or caught.value.what


def test_service_is_awaited_and_told_of_once(serve: Serve) -> None:
    asked = 0

    def starting(connection: socket.socket) -> None:
        nonlocal asked
        asked += 1
        said(b"+PONG\r\n" if asked > 2 else b"-LOADING Redis is loading the dataset in memory\r\n")(connection)

    ready: list[str] = []
    ports = serve(starting), serve(said())
    urls = [f"redis://127.0.0.1:{ports[0]}", f"tcp://127.0.0.1:{ports[1]}"]
    wait(urls, timeout=30, on_ready=lambda address, seconds: ready.append(str(address)))
    assert (asked, ready) == (3, [urls[1], urls[0]])


def test_timeout_tells_the_last_answer_of_each_service(serve: Serve, closed_port: int) -> None:
    loading = serve(said(b"-LOADING Redis is loading\r\n"))
    with pytest.raises(ServiceError) as caught:
        wait([f"redis://127.0.0.1:{loading}", f"tcp://127.0.0.1:{closed_port}"], timeout=0.1)
    assert f"redis://127.0.0.1:{loading}: PING: LOADING Redis is loading" in caught.value.what
    assert f"tcp://127.0.0.1:{closed_port}: [Errno 111] Connection refused" in caught.value.what
    assert caught.value.hint is not None and caught.value.hint.startswith("waited 0.1 s;")


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (b"HTTP/1.1 200 OK", None),
        (b"HTTP/1.1 302 Found", None),
        (b"HTTP/1.1 503 Service Unavailable", "HTTP status 503"),
        (b"SSH-2.0-OpenSSH_10.0", "no HTTP: BadStatusLine"),
    ],
)
def test_http_is_ready_below_400(serve: Serve, status: bytes, answer: str | None) -> None:
    port = serve(said(status + b"\r\nContent-Length: 0\r\n\r\n"))
    url = f"http://127.0.0.1:{port}/ping/"
    if answer is None:
        wait([url], timeout=10)
    else:
        assert answer in reason(url)


class Redis:
    """Keeps what it was told, and answers each line of it."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = answers
        self.told: list[bytes] = []

    def __call__(self, connection: socket.socket) -> None:
        for answer in self.answers:
            self.told.append(connection.recv(65536))
            connection.sendall(answer)


def test_redis_is_asked_with_user_and_database_of_the_address(serve: Serve) -> None:
    redis = Redis(b"+OK\r\n", b"+OK\r\n", b"+PONG\r\n")
    wait([f"redis://shop:s3cret-word@127.0.0.1:{serve(redis)}/2"], timeout=10)
    words = [message.split(b"\r\n")[2::2] for message in redis.told]
    assert words == [[b"AUTH", b"shop", b"s3cret-word"], [b"SELECT", b"2"], [b"PING"]]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"-WRONGPASS invalid username-password pair\r\n", "AUTH: WRONGPASS invalid username-password pair"),
        (b"x" * 600, "this does not speak Redis's protocol"),
    ],
)
def test_redis_says_why_it_refuses(serve: Serve, answer: bytes, expected: str) -> None:
    assert reason(f"redis://:s3cret-word@127.0.0.1:{serve(said(answer))}") == expected


def test_a_service_that_hangs_up_says_so(serve: Serve) -> None:
    port = serve(lambda connection: bool(connection.recv(65536)) and None)
    assert "closed before an answer" in reason(f"redis://127.0.0.1:{port}")


def test_silent_service_does_not_delay_the_other_probes(serve: Serve) -> None:
    released = threading.Event()
    silent = serve(lambda connection: bool(released.wait(30)) and None)
    try:
        assert "timed out" in reason(f"redis://127.0.0.1:{silent}")
    finally:
        released.set()


def test_encrypted_scheme_is_not_ready_without_tls(serve: Serve) -> None:
    port = serve(said(b"-ERR unknown command\r\n"))
    assert "SSL" in reason(f"rediss://127.0.0.1:{port}")


def mongodb(document: bytes, operation: int = 2013) -> bytes:
    body = struct.pack("<IB", 0, 0) + document
    return struct.pack("<iiii", 16 + len(body), 7, 1, operation) + body


def test_mongodb_is_ready_once_it_answers_hello_with_ok(serve: Serve) -> None:
    port = serve(said(mongodb(b"\x10ok\x00" + struct.pack("<i", 1))))
    wait([f"mongodb://127.0.0.1:{port}"], timeout=10)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (mongodb(b"\x10ok\x00\x00\x00\x00\x00"), "it does not answer hello with ok"),
        (mongodb(b"", operation=1), "this does not speak MongoDB's protocol"),
    ],
)
def test_mongodb_that_answers_not_ok_is_not_ready(serve: Serve, answer: bytes, expected: str) -> None:
    assert reason(f"mongodb://127.0.0.1:{serve(said(answer))}") == expected


def frame(method: tuple[int, int], arguments: bytes = b"") -> bytes:
    payload = struct.pack(">HH", *method) + arguments
    return struct.pack(">BHI", 1, 0, len(payload)) + payload + b"\xce"


START, TUNE, OPEN_OK, CLOSE_OK = frame((10, 10)), frame((10, 30), b"\x07\xff" * 4), frame((10, 41)), frame((10, 51))


class Broker(Redis):
    """RabbitMQ's part of a connection. After TUNE it is told two things without asking for the second."""

    def __call__(self, connection: socket.socket) -> None:
        self.told.append(connection.recv(8))
        for answer in self.answers:
            connection.sendall(answer)
            if answer == TUNE:
                self.told.append(self._frame(connection))
            if answer != self.answers[-1]:
                self.told.append(self._frame(connection))

    @staticmethod
    def _frame(connection: socket.socket) -> bytes:
        head = connection.recv(7, socket.MSG_WAITALL)
        return connection.recv(int.from_bytes(head[3:], "big") + 1, socket.MSG_WAITALL)


def test_broker_is_ready_once_it_opens_the_virtual_host(serve: Serve) -> None:
    broker = Broker(START, TUNE, OPEN_OK, CLOSE_OK)
    wait([f"amqp://shop:s3cret-word@127.0.0.1:{serve(broker)}/orders%2Feu"], timeout=10)
    assert broker.told[0] == b"AMQP\x00\x00\x09\x01"
    assert b"\0shop\0s3cret-word" in broker.told[1]
    assert broker.told[2][:12] == struct.pack(">HH", 10, 31) + b"\x07\xff\x07\xff\x07\xff\x00\x00", "no heartbeat"
    assert b"orders/eu" in broker.told[3]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([b"AMQP\x01\x01\x00\x09"], "this does not speak AMQP 0-9-1"),
        ([START[:-1] + b"!"], "this does not speak AMQP 0-9-1"),
        ([TUNE], "method (10, 30) where (10, 10) was expected"),
        (
            [START, frame((10, 50), struct.pack(">HB", 403, 14) + b"ACCESS_REFUSED" + b"\0" * 4)],
            "refused with 403: ACCESS_REFUSED",
        ),
    ],
)
def test_a_broker_says_why_it_refuses(serve: Serve, answers: list[bytes], expected: str) -> None:
    assert reason(f"amqp://127.0.0.1:{serve(Broker(*answers))}") == expected


def test_unreachable_postgresql_is_reported_in_the_drivers_words(closed_port: int) -> None:
    assert "Connection refused" in reason(f"postgres://shop@127.0.0.1:{closed_port}/shop")
