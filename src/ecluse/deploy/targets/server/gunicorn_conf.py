"""gunicorn's configuration for a process of the site. Copied into the target's folder; runs in a release's own Python.

A worker loads the site and then serves its private socket alone, until the rollout has seen it ready and opens the
slot; only then does it accept from the public socket. So a release that never gets ready never meets a visitor. It
stands on gunicorn's documented server hooks, and on nothing of its inside.
"""

import mmap
import os
import runpy
import socket
import struct
import sys
import threading
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

SLOT = os.environ.get("ECLUSE_SLOT", "")
# The page that visitors get instead of the site, for as long as it is there (`ecluse maintenance on`).
MAINTENANCE = os.path.join(os.path.dirname(os.path.dirname(SLOT)), "maintenance.html")
# The addresses that the page does not cover, and that are no visitors' requests.
HEALTH = frozenset(os.environ.get("ECLUSE_HEALTH", "").split())
# The page that stands for readiness, of a site that has no address for that.
PAGE = os.environ.get("ECLUSE_PAGE", "")
RETRY_AFTER = "300"

# A project that wants other values has a gunicorn.conf.py among its release's files: it is read after these.
worker_class = "gthread"
workers = 1
threads = 8
keepalive = 20
timeout = 60
graceful_timeout = 30
accesslog = "-"
access_log_format = '%(h)s "%(r)s" %(s)s %(b)s %(L)ss'

if SLOT and os.path.isfile("gunicorn.conf.py"):
    with open("gunicorn.conf.py", encoding="utf-8") as own:
        exec(compile(own.read(), "gunicorn.conf.py", "exec"))

bind = ["fd://0", "fd://3"]
control_socket_disable = True

# Seconds between two looks at whether the slot has been opened.
TICK = 0.02

WORKER_ENDED = "worker ended"

# A counter of eight bytes for each of so many workers of gunicorn, which add to their own alone.
COUNTERS = 64
counting = threading.Lock()


class Private(WSGIRequestHandler):
    """Answers the gate's questions, without a line in the log for each."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Maintained:
    """The site, or the maintenance page while there is one. The health addresses are always the site's own."""

    def __init__(self, site: Any) -> None:
        self.site = site

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("PATH_INFO") not in HEALTH:
            try:
                with open(MAINTENANCE, "rb") as file:
                    page = file.read()
            except OSError:
                pass
            else:
                headers = [
                    ("Content-Type", "text/html; charset=utf-8"),
                    ("Content-Length", str(len(page))),
                    ("Retry-After", RETRY_AFTER),
                    ("Cache-Control", "no-store"),
                    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
                ]
                start_response("503 Service Unavailable", headers)
                return [page]
        return self.site(environ, start_response)


def is_open() -> bool:
    """Whether the rollout has opened this slot for the release that runs in it. A restart after a crash finds it so."""
    try:
        with open(os.path.join(SLOT, "open"), encoding="utf-8") as file:
            return file.read().strip() == os.environ["ECLUSE_RELEASE"]
    except FileNotFoundError:
        return False


def post_worker_init(worker: Any) -> None:
    """Serve the private socket alone until the slot is open."""
    if PAGE:
        worker.wsgi = runpy.run_path(os.path.join(os.path.dirname(__file__), "unaware.py"))["Unaware"](
            worker.wsgi, PAGE
        )
    if not is_open():
        listener = worker.sockets[1]
        server = WSGIServer(("127.0.0.1", 0), Private, bind_and_activate=False)
        server.socket.close()
        server.socket = socket.socket(fileno=os.dup(listener.fileno()))
        server.server_name, server.server_port = server.socket.getsockname()[:2]
        server.setup_environ()
        server.set_app(worker.wsgi)
        server.timeout = TICK
        while worker.alive and not is_open():
            if os.getppid() != worker.ppid:
                sys.exit(1)
            worker.notify()
            server.handle_request()
        # Closes the duplicate; the worker's own listener goes on.
        server.server_close()
    worker.wsgi = Maintained(worker.wsgi)
    with open(os.path.join(SLOT, "accepting"), "w", encoding="utf-8") as file:
        file.write(os.environ["ECLUSE_RELEASE"])


def post_request(worker: Any, request: Any, environ: Any, response: Any) -> None:
    """Count each answer of the site, and note each error, for the watch after a switch. 503 is not an error."""
    if environ.get("PATH_INFO") not in HEALTH:
        count(worker.age % COUNTERS)
    status = getattr(response, "status_code", None)
    if status is not None and status >= 500 and status != 503:
        note(f"{status} {environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}")


def child_exit(server: Any, worker: Any) -> None:
    """A worker that ended is noted too: gunicorn starts another one, and nobody outside would know."""
    note(f"{WORKER_ENDED} {worker.pid}")


def note(line: str) -> None:
    """Add a line to what went wrong in this slot."""
    with open(os.path.join(SLOT, "errors"), "a", encoding="utf-8") as file:
        file.write(line + "\n")


def count(number: int) -> None:
    """Add one to the counter *number* of this slot."""
    with counting:
        (before,) = struct.unpack_from("=Q", answers(), number * 8)
        struct.pack_into("=Q", answers(), number * 8, before + 1)


def answers() -> mmap.mmap:
    """The counters of this slot, in memory that is a file."""
    global _answers
    if _answers is None:
        descriptor = os.open(os.path.join(SLOT, "answers"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, 8 * COUNTERS)
            _answers = mmap.mmap(descriptor, 8 * COUNTERS)
        finally:
            os.close(descriptor)
    return _answers


_answers: mmap.mmap | None = None
