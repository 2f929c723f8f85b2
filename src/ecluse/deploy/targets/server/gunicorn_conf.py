"""gunicorn's configuration for a process of the site. Copied into the target's folder; runs in a release's own Python.

A worker loads the site and then serves its private socket alone, until the rollout has seen it ready and opens the
slot; only then does it accept from the public socket. So a release that never gets ready never meets a visitor. It
stands on gunicorn's documented server hooks, and on nothing of its inside.
"""

import inspect
import mimetypes
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

# The project's own hooks of these names, which ours call.
THEIRS = {
    name: globals()[name]
    for name in ("post_worker_init", "post_request", "child_exit", "worker_exit")
    if callable(globals().get(name))
}

# Seconds between two looks at whether the slot has been opened.
TICK = 0.02

WORKER_ENDED = "worker ended"

# A counter of eight bytes for each of so many workers of gunicorn, which add to their own alone.
COUNTERS = 64
counting = threading.Lock()


def theirs(name: str, *arguments: Any) -> None:
    """Call the project's own hook *name*, with as many arguments as it takes."""
    hook = THEIRS.get(name)
    if hook is not None:
        taken = inspect.signature(hook).parameters.values()
        all_of_them = any(one.kind is one.VAR_POSITIONAL for one in taken)
        hook(*arguments[: None if all_of_them else len(taken)])


class Private(WSGIRequestHandler):
    """Answers the gate's questions, without a line in the log for each."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


class PublicSite:
    """The site as visitors get it: with the maintenance page in its place while there is one, but for the health
    addresses, and with the static files of the releases that are kept beside this one.
    """

    def __init__(self, site: Any) -> None:
        self.site = site
        self.static = static_url()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ.get("PATH_INFO", "")
        if path not in HEALTH:
            try:
                with open(MAINTENANCE, "rb") as file:
                    return closed(file.read(), start_response)
            except OSError:
                pass
        if self.static and path.startswith(self.static) and environ.get("REQUEST_METHOD") in ("GET", "HEAD"):
            return self._static(path[len(self.static) :], environ, start_response)
        return self.site(environ, start_response)

    def _static(self, name: str, environ: dict[str, Any], start_response: Any) -> Any:
        """The site's answer for a static file; where it has none, the file of another release: a page of that one
        asks for it while both take requests.
        """
        said: list[Any] = []

        def hear(*arguments: Any) -> Any:
            if arguments[0].startswith("404") and not said and (path := elsewhere(name)) is not None:
                said.append(path)
                return lambda data: None
            return start_response(*arguments)

        answer = self.site(environ, hear)
        if not said:
            return answer
        if hasattr(answer, "close"):
            answer.close()
        with open(said[0], "rb") as file:
            content = file.read()
        kind, encoding = mimetypes.guess_type(said[0])
        headers = [("Content-Type", kind or "application/octet-stream"), ("Content-Length", str(len(content)))]
        headers += [("Content-Encoding", encoding)] if encoding else []
        start_response("200 OK", [*headers, ("Cache-Control", "max-age=60, public")])
        return [content] if environ.get("REQUEST_METHOD") == "GET" else []


def closed(page: bytes, start_response: Any) -> Any:
    """Answer with the maintenance page."""
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(page))),
        ("Retry-After", RETRY_AFTER),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
    ]
    start_response("503 Service Unavailable", headers)
    return [page]


def static_url() -> str:
    """The path under which the site has its static files; empty where it has none on this host."""
    try:
        from django.conf import settings

        url = settings.STATIC_URL
    except Exception:  # no Django, or none that is set up: then nothing is known of static files
        return ""
    return url if isinstance(url, str) and url.startswith("/") and len(url) > 1 else ""


def elsewhere(name: str) -> str | None:
    """The path of the static file *name* of any release that is kept here."""
    releases = os.path.dirname(os.path.dirname(os.environ.get("DJANGO_STATIC_ROOT", "")))
    if not name or os.path.isabs(name) or "\0" in name or ".." in name.split("/"):
        return None
    try:
        kept = os.listdir(releases)
    except OSError:
        return None
    paths = (os.path.join(releases, release, "static", name) for release in kept if not release.startswith("."))
    return next((path for path in paths if os.path.isfile(path)), None)


def is_open() -> bool:
    """Whether the rollout has opened this slot for the release that runs in it. A restart after a crash finds it so."""
    try:
        with open(os.path.join(SLOT, "open"), encoding="utf-8") as file:
            return file.read().strip() == os.environ["ECLUSE_RELEASE"]
    except FileNotFoundError:
        return False


def post_worker_init(worker: Any) -> None:
    """Serve the private socket alone until the slot is open."""
    theirs("post_worker_init", worker)
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
    worker.wsgi = PublicSite(worker.wsgi)
    with open(os.path.join(SLOT, "accepting"), "w", encoding="utf-8") as file:
        file.write(os.environ["ECLUSE_RELEASE"])


def post_request(worker: Any, request: Any, environ: Any, response: Any) -> None:
    """Count each answer of the site, and note each error, for the watch after a switch. 503 is not an error."""
    if environ.get("PATH_INFO") not in HEALTH:
        count(worker.age % COUNTERS)
    status = getattr(response, "status_code", None)
    if status is not None and status >= 500 and status != 503:
        note(f"{status} {environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}")
    theirs("post_request", worker, request, environ, response)


def worker_exit(server: Any, worker: Any) -> None:
    """Say of a worker that ends in good order (gunicorn replaces it: max_requests) that it does. Runs in the worker."""
    error = sys.exc_info()[1]
    if error is None or (isinstance(error, SystemExit) and error.code in (0, None)):
        with open(farewell(os.getpid()), "w", encoding="utf-8"):
            pass
    theirs("worker_exit", server, worker)


def child_exit(server: Any, worker: Any) -> None:
    """Note a worker that died: gunicorn starts another one, and nobody outside would know."""
    try:
        os.unlink(farewell(worker.pid))
    except FileNotFoundError:
        note(f"{WORKER_ENDED} {worker.pid}")
    theirs("child_exit", server, worker)


def farewell(pid: int) -> str:
    """The file that a worker leaves when it ends in good order."""
    return os.path.join(SLOT, f"ended-{pid}")


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
