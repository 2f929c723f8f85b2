"""A process of the site, from the starter to gunicorn, on the test's own sockets, without Supervisor and without a
rollout.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecluse.deploy.targets.server import gunicorn_conf, starter
from ecluse.deploy.targets.server.gunicorn_conf import WORKER_ENDED
from ecluse.deploy.targets.server.slots import Slot
from ecluse.machine import process
from ecluse.services.account import Account
from testbed.waiting import until

pytestmark = pytest.mark.counted

# It answers with the status that the path asks for, and with who it is.
APPLICATION = """
import os

def application(environ, start_response):
    start_response(environ["PATH_INFO"].strip("/").replace("-", " ") or "200 OK", [])
    return [f"{os.environ['ECLUSE_RELEASE']} {os.getpid()}".encode()]
"""

ME = Account("me", os.getuid(), os.getgid(), switch=False)


def ask(address: str, path: str = "/", *, timeout: float = 20, scheme: str = "http") -> tuple[int, str]:
    """The status and text of a page at *address*, for a visitor of a front server who speaks *scheme*."""
    with contextlib.closing(http.client.HTTPConnection(address, timeout=timeout)) as connection:
        connection.request("GET", path, headers={"X-Forwarded-Proto": scheme})
        response = connection.getresponse()
        return response.status, response.read().decode()


class Place:
    """A folder of slots, and the socket that visitors connect to: who owns it starts what runs in the slots."""

    def __init__(self, folder: Path, listener: socket.socket) -> None:
        self.listener = listener
        self.public = "127.0.0.1:%d" % listener.getsockname()[1]
        self.app = folder / "app"
        self.app.mkdir()
        (self.app / "site_wsgi.py").write_text(APPLICATION)
        self.slot = Slot(folder / "1", 1)
        self.running: list[subprocess.Popen[bytes]] = []

    def describe(self, release: str = "one", **more: str) -> None:
        """Say that the slot runs *release*, with the variables *more*."""
        argv = (sys.executable, "-m", "gunicorn", "--config", gunicorn_conf.__file__, "site_wsgi:application")
        variables = {name: value for name, value in os.environ.items() if name.startswith(("COVERAGE_", "PATH"))}
        variables |= {"ECLUSE_RELEASE": release, "PYTHONDONTWRITEBYTECODE": "1", **more}
        self.slot.describe(release, self.app, argv, variables, ME)

    def start(self, number: int = 1) -> subprocess.Popen[bytes]:
        """Start what the slot is for, as Supervisor does."""
        with open(self.app / "output", "ab") as output:
            argv = (sys.executable, starter.__file__, str(self.slot.folder.parent), str(number))
            popen = process.spawn(argv, stdin=self.listener.fileno(), stdout=output, stderr=subprocess.STDOUT)
        self.running.append(popen)
        return popen

    def open(self) -> None:
        """Let visitors in, and wait until they are."""
        self.slot.open()
        until(lambda: self.slot.accepting, "the slot to accept")

    def serve(self) -> None:
        """Start what the slot is for, and open it once it answers."""
        self.start()
        ask(self.private())
        self.open()

    def close(self) -> None:
        for popen in self.running:
            process.stop(popen)

    def output(self) -> str:
        return (self.app / "output").read_text()

    def private(self) -> str:
        """The address that only the rollout knows, once the process answers there."""
        until(lambda: self.slot.address is not None, "a private address")
        assert self.slot.address is not None
        return self.slot.address


def assert_opened_by_its_slot_alone(place: Place) -> None:
    """The process of *place* answers the gate alone until its slot is opened, and visitors too from then on."""
    place.start()
    assert ask(place.private())[1].startswith("one ")
    assert not place.slot.accepting
    with pytest.raises(TimeoutError):
        ask(place.public, timeout=0.5)
    place.open()
    assert ask(place.public)[1].startswith("one ")
    assert ask(place.private())[0] == 200, "the watch goes on asking there"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with contextlib.closing(Place(tmp_path, listener)) as made:
            yield made


@pytest.fixture
def serving(place: Place) -> Place:
    """A slot that has been opened, and accepts."""
    place.describe()
    place.serve()
    return place


def test_gate_and_visitors_are_known_to_speak_https(place: Place) -> None:
    """A site that sends everybody to HTTPS would send the gate there too."""
    says = "    return [environ['wsgi.url_scheme'].encode()]"
    (place.app / "site_wsgi.py").write_text("\n".join([*APPLICATION.splitlines()[:-1], says]))
    place.describe()
    place.start()
    assert [ask(place.private(), scheme=scheme)[1] for scheme in ("https", "http")] == ["https", "http"]
    place.open()
    assert [ask(place.public, scheme=scheme)[1] for scheme in ("https", "http")] == ["https", "http"]


def test_process_answers_only_the_gate_until_its_slot_opens(place: Place) -> None:
    place.describe()
    assert_opened_by_its_slot_alone(place)


def test_slot_opened_for_another_release_stays_closed(place: Place) -> None:
    place.describe("two")
    (place.slot.folder / "open").write_text("one\n")
    place.start()
    assert ask(place.private())[1].startswith("two ")
    assert not place.slot.accepting


def test_slot_notes_server_errors_but_not_unreadiness(serving: Place) -> None:
    for path in ("/200-OK", "/404-Not-Found", "/503-Service-Unavailable", "/500-Internal-Server-Error"):
        ask(serving.public, path)
    until(lambda: bool(serving.slot.errors), "the error to be noted")
    assert serving.slot.errors == ["500 GET /500-Internal-Server-Error"]


def test_dead_worker_is_noted_and_the_next_one_accepts(serving: Place) -> None:
    worker = int(ask(serving.public)[1].split()[1])
    os.kill(worker, signal.SIGKILL)
    until(lambda: bool(serving.slot.errors), "the end to be noted")
    assert serving.slot.errors == [f"{WORKER_ENDED} {worker}"]
    assert ask(serving.public)[1].startswith("one "), "who came meanwhile was refused"


def test_worker_replaced_by_gunicorn_is_no_crash(place: Place) -> None:
    """As with max_requests, which projects set against leaks."""
    (place.app / "gunicorn.conf.py").write_text("max_requests = 2\n")
    place.describe()
    place.start()
    ask(place.private())
    place.slot.open()
    until(lambda: place.slot.accepting, "the slot to accept")
    workers = {ask(place.public)[1].split()[1] for _ in range(8)}
    assert len(workers) > 1, "no worker was replaced"
    until(lambda: not list(place.slot.folder.glob("ended-*")), "gunicorn to notice the last end")
    assert place.slot.errors == []
    # An answer is counted once it has been sent.
    until(lambda: place.slot.counts.answers == 8, "all answers to be counted")


def test_hooks_of_the_project_are_called_beside_ours(place: Place) -> None:
    hooks = ("post_worker_init(worker)", "post_request(worker, request)", "child_exit(server, worker)")
    hooks += ("worker_exit(server, worker)", "pre_request(worker, request)", "when_ready(server)")
    said = place.app / "said"
    own = [f"def {hook}:\n    open({str(said)!r}, 'a').write('{hook.partition('(')[0]}\\n')\n" for hook in hooks]
    (place.app / "gunicorn.conf.py").write_text("max_requests = 2\n" + "".join(own))
    place.describe()
    place.start()
    ask(place.private())
    place.slot.open()
    until(lambda: place.slot.accepting, "the slot to accept")
    for _ in range(4):
        ask(place.public)
    called = {hook.partition("(")[0] for hook in hooks}
    until(lambda: called == set(said.read_text().split()), f"calls of {called}")


DJANGO = """
from django.conf import settings
settings.configure(STATIC_URL="/static/")

def application(environ, start_response):
    found = environ["PATH_INFO"] == "/static/own.css"
    start_response("200 OK" if found else "404 Not Found", [])
    return [b"own" if found else b"nothing"]
"""


def test_static_file_of_another_kept_release_is_found(place: Place, tmp_path: Path) -> None:
    for release, name in (("old", "own.css"), ("new", "new.css")):
        (tmp_path / "releases" / release / "static").mkdir(parents=True)
        (tmp_path / "releases" / release / "static" / name).write_text(f"of {release}")
    (tmp_path / "secret.css").write_text("not for visitors")
    (place.app / "site_wsgi.py").write_text(DJANGO)
    place.describe(DJANGO_STATIC_ROOT=str(tmp_path / "releases" / "old" / "static"))
    place.start()
    ask(place.private())
    place.slot.open()
    until(lambda: place.slot.accepting, "the slot to accept")
    assert ask(place.public, "/static/own.css") == (200, "own")
    assert ask(place.public, "/static/new.css") == (200, "of new")
    assert ask(place.public, "/new.css") == ask(place.public, "/static/gone.css") == (404, "nothing")
    assert ask(place.public, "/static/../../../secret.css") == (404, "nothing")


def test_gunicorn_file_for_another_server_applies_in_part(place: Place) -> None:
    others = (
        "bind = '127.0.0.1:1'\ndaemon = True\npidfile = '/nowhere/pid'\nchdir = '/app'\nuser = group = 'nobody-here'\n"
    )
    (place.app / "gunicorn.conf.py").write_text(f"threads = 2\nraw_env = ['OWN=yes']\n{others}")
    (place.app / "site_wsgi.py").write_text(APPLICATION.replace("os.environ['ECLUSE_RELEASE']", "os.environ['OWN']"))
    place.describe()
    place.start()
    assert ask(place.private())[1].startswith("yes ")


def test_process_finishes_requests_and_frees_its_slot_on_sigterm(serving: Place) -> None:
    (popen,) = serving.running
    assert serving.slot.process() == popen.pid, "the starter became gunicorn"
    popen.terminate()
    assert popen.wait(20) == 0, serving.output()
    assert serving.slot.process() is None


def test_a_process_waits_for_the_one_before_it_in_its_slot(serving: Place) -> None:
    (before,) = serving.running
    after = serving.start()
    before.terminate()
    before.wait(20)
    until(lambda: serving.slot.process() == after.pid, "the next process")
    assert ask(serving.public)[1].startswith("one ")


def test_slot_0_holds_the_socket_and_runs_no_release(place: Place) -> None:
    holder = Slot(place.slot.folder.parent / "0", 0)
    holder.reserve(ME)
    popen = place.start(0)
    until(lambda: Path(f"/proc/{popen.pid}/cmdline").read_bytes().startswith(b"sleep"), "the process to become sleep")
    assert holder.process() == popen.pid
    assert popen.poll() is None
