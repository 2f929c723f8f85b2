"""The way to an engine: a program whose standard input and output are HTTP. Here a thread plays the program."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from ecluse.deploy.targets.swarm.api import Api, Conflict, Missing
from ecluse.errors import TargetError
from ecluse.machine import process
from ecluse.secrets import Secret

Request = tuple[str, str, Any]


class Engine:
    """The engine that ``docker system dial-stdio`` reaches. Each answer is a status and a body; None hangs up instead.

    *complaint* is what the program says when it ends.
    """

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any] | None] = []
        self.asked: list[Request] = []
        self.complaint = ""
        self.started = 0
        self.argv: tuple[str, ...] = ()
        self._ends: list[socket.socket] = []

    def spawn(self, argv: Any, *, stdin: int, stderr: Any, **options: Any) -> Any:
        self.started += 1
        self.argv = tuple(argv)
        end = socket.socket(fileno=os.dup(stdin))
        end.settimeout(20)
        self._ends.append(end)
        thread = threading.Thread(target=self._converse, args=(end, stderr), daemon=True)
        thread.start()
        return SimpleNamespace(pid=0, wait=lambda timeout=None: thread.join(timeout))

    def _converse(self, end: socket.socket, stderr: Any) -> None:
        with end, end.makefile("rb") as incoming:
            while line := incoming.readline():
                method, path, _version = line.decode().split()
                length = 0
                while (header := incoming.readline().strip()) != b"":
                    name, _, value = header.partition(b": ")
                    length = int(value) if name.lower() == b"content-length" else length
                body = json.loads(incoming.read(length)) if length else None
                self.asked.append((method, path, body))
                answer = (200, "OK") if path.endswith("/_ping") else self.answers.pop(0)
                if answer is None:
                    stderr.write(self.complaint.encode())
                    stderr.flush()
                    return
                status, content = answer
                text = json.dumps(content).encode()
                end.sendall(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%s" % (status, len(text), text))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setattr(process, "spawn", made.spawn)
    monkeypatch.setattr(process, "stop", lambda program, **options: 0)
    return made


class Time:
    now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def api(engine: Engine) -> Iterator[Api]:
    time = Time()
    made = Api(("docker",), {}, "ssh://ops@staging", patience=5, clock=time.clock, sleep=time.sleep)
    yield made
    made.close()


def test_engine_requests_share_one_program(engine: Engine, api: Api) -> None:
    engine.answers = [(200, {"Swarm": 1}), (200, [])]
    assert api.get("/info") == {"Swarm": 1}
    assert api.get("/tasks", filters={"service": ["shop_web"]}) == []
    assert engine.started == 1
    assert engine.argv == ("docker", "system", "dial-stdio")
    assert engine.asked[0][:2] == ("GET", "/v1.44/info")
    assert engine.asked[1][1] == "/v1.44/tasks?filters=%7B%22service%22%3A+%5B%22shop_web%22%5D%7D"


def test_a_change_is_sent_once_on_a_connection_that_works(engine: Engine, api: Api) -> None:
    engine.answers = [(201, {"ID": "c1"})]
    assert api.post("/configs/create", {"Name": "lock"}, version=7) == {"ID": "c1"}
    assert [one[:2] for one in engine.asked] == [("GET", "/v1.44/_ping"), ("POST", "/v1.44/configs/create?version=7")]
    assert engine.asked[1][2] == {"Name": "lock"}


def test_a_change_whose_answer_is_lost_is_not_sent_again(engine: Engine, api: Api) -> None:
    engine.answers = [None]
    with pytest.raises(TargetError, match="no Docker engine answers"):
        api.post("/configs/create", {})
    assert len([one for one in engine.asked if one[0] == "POST"]) == 1


def test_request_is_repeated_while_a_known_engine_is_away(engine: Engine, api: Api) -> None:
    engine.answers = [(200, 1), None, None, (200, 2)]
    assert api.get("/info") == 1
    assert api.get("/info") == 2
    assert engine.started == 3, "each time on a connection of its own"


def test_an_engine_that_stays_away_is_given_up(engine: Engine, api: Api) -> None:
    engine.answers = [(200, 1), *([None] * 20)]
    api.get("/info")
    with pytest.raises(TargetError, match="no Docker engine answers"):
        api.get("/info")
    assert 2 < len(engine.answers) < 20


@pytest.mark.parametrize(
    ("complaint", "hint"),
    [
        ("Host key verification failed.", "ssh-keyscan HOST"),
        ("ops@staging: Permission denied (publickey).", "the key is wrong, or not on the host"),
        ("permission denied while trying to connect to the Docker daemon socket", "usermod --append --groups docker"),
        ("ssh: connect to host staging port 22: Connection timed out", "is the host up"),
        ("Cannot connect to the Docker daemon", "start it, or say where it is: DOCKER_HOST="),
    ],
)
def test_engine_that_never_answered_fails_at_once_with_a_hint(
    engine: Engine, api: Api, complaint: str, hint: str
) -> None:
    engine.answers, engine.complaint = [None], complaint
    with pytest.raises(TargetError) as caught:
        api.get("/info")
    assert engine.started == 1
    assert (caught.value.what, caught.value.where) == (f"no Docker engine answers: {complaint}", "ssh://ops@staging")
    assert caught.value.hint is not None and hint in caught.value.hint


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (404, "no such config", Missing),
        (409, "name conflicts with an existing object", Conflict),
        (500, "rpc error: code = Unknown desc = update out of sequence", Conflict),
        (500, "code = AlreadyExists desc = config lock already exists", Conflict),
        (503, "This node is not a swarm manager", TargetError),
    ],
)
def test_engine_refusal_has_an_error_class_of_its_kind(
    engine: Engine, api: Api, status: int, message: str, kind: type[TargetError]
) -> None:
    engine.answers = [(status, {"message": message})]
    with pytest.raises(TargetError, match=f"the engine says {status} to /configs/lock: {message}") as caught:
        api.get("/configs/lock")
    assert type(caught.value) is kind


def test_too_old_engine_is_told_the_needed_version(engine: Engine, api: Api) -> None:
    engine.answers = [(400, {"message": "client version 1.44 is too new. Maximum supported API version is 1.41"})]
    with pytest.raises(TargetError, match="the engine is too old") as caught:
        api.get("/info")
    assert caught.value.hint == "Docker Engine 25 or newer"


def test_a_secret_in_a_refusal_is_masked(engine: Engine, api: Api) -> None:
    engine.answers = [(400, Secret("t0ken-of-staging").reveal())]
    with pytest.raises(TargetError, match=r"\[REDACTED\]"):
        api.get("/info")


def test_delete_of_a_missing_object_succeeds(engine: Engine, api: Api) -> None:
    engine.answers = [(404, {"message": "no such service"})]
    api.delete("/services/shop_web")
    engine.answers = [(500, {"message": "raft is broken"})]
    with pytest.raises(TargetError, match="raft is broken"):
        api.delete("/services/shop_web")
