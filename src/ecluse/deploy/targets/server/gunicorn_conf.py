"""gunicorn's configuration for a process of the site. Copied into the target's folder; runs in a release's own Python.

A worker loads the site and then serves its private socket alone, until the rollout has seen it ready and opens the
slot; only then does it accept from the public socket. So a release that never gets ready never meets a visitor. It
stands on gunicorn's documented server hooks, and on nothing of its inside.
"""

import importlib.util
import inspect
import os
import socket
import sys
import time
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer


def beside(name: str) -> Any:
    """The module of the file *name* in this folder, which is on no path."""
    full = f"ecluse_{name}"
    if full not in sys.modules:
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")
        spec = importlib.util.spec_from_file_location(full, path)
        assert spec is not None and spec.loader is not None
        sys.modules[full] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[full])
    return sys.modules[full]


if TYPE_CHECKING:
    from ecluse.deploy.targets.server import served
else:
    beside("counts")
    served = beside("served")

# A project that wants other values has a gunicorn.conf.py among its release's files: it is read after these.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 1)
threads = 8
keepalive = 20
timeout = 60
graceful_timeout = 30
accesslog = "-"
access_log_format = '%(h)s "%(r)s" %(s)s %(b)s %(L)ss'

if served.SLOT and os.path.isfile("gunicorn.conf.py"):
    with open("gunicorn.conf.py", encoding="utf-8") as own:
        exec(compile(own.read(), "gunicorn.conf.py", "exec"))

if os.environ.get("ECLUSE_ASGI"):
    # Whatever the project names: a worker that knows nothing of slots would accept before its time.
    for needed in ("unaware", "asgi_site"):
        beside(needed)
    worker_class = beside("asgi_worker").AsgiWorker

# Not the project's to decide, whatever its file says for another server: Supervisor has started this process, as the
# account and in the folder of the site, and waits for its end.
bind = ["fd://0", "fd://3"]
chdir, user, group = os.getcwd(), None, None
daemon, pidfile = False, None
control_socket_disable = True

# The project's own hooks of these names, which ours call.
THEIRS = {
    name: globals()[name]
    for name in ("post_worker_init", "pre_request", "post_request", "child_exit", "worker_exit")
    if callable(globals().get(name))
}

# Seconds between two looks at whether the slot has been opened.
TICK = 0.02

WORKER_ENDED = "worker ended"


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

    def get_environ(self) -> dict[str, Any]:
        """The request's variables. As gunicorn does, it believes the loopback that a visitor speaks HTTPS."""
        environ = super().get_environ()
        if environ.get("HTTP_X_FORWARDED_PROTO") == "https":
            environ["HTTPS"] = "on"
        return environ


CLOSED = "ecluse.closed"
"""In the environ of a request that the maintenance page answers: it says nothing of how the site answers."""


class PublicSite:
    """The WSGI site as visitors get it: with the maintenance page in its place while there is one, but for the health
    addresses, and with the static files of the releases that are kept beside this one.
    """

    def __init__(self, site: Any) -> None:
        self.site = site
        self.static = served.static_url()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ.get("PATH_INFO", "")
        page = served.maintenance_page() if path not in served.HEALTH else None
        if page is not None:
            environ[CLOSED] = True
            start_response("503 Service Unavailable", served.closed_headers(page))
            return [page]
        if self.static and path.startswith(self.static) and environ.get("REQUEST_METHOD") in ("GET", "HEAD"):
            return self._static(path[len(self.static) :], environ, start_response)
        return self.site(environ, start_response)

    def _static(self, name: str, environ: dict[str, Any], start_response: Any) -> Any:
        """The site's answer for a static file; where it has none, the file of another release: a page of that one
        asks for it while both take requests.
        """
        said: list[Any] = []

        def hear(*arguments: Any) -> Any:
            if arguments[0].startswith("404") and not said and (path := served.elsewhere(name)) is not None:
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
        start_response("200 OK", served.static_headers(said[0], content))
        return [content] if environ.get("REQUEST_METHOD") == "GET" else []


def post_worker_init(worker: Any) -> None:
    """Serve the private socket alone until the slot is open. A worker of ASGI does so itself."""
    theirs("post_worker_init", worker)
    if os.environ.get("ECLUSE_ASGI"):
        return
    if served.PAGE:
        worker.wsgi = beside("unaware").Unaware(worker.wsgi, served.PAGE)
    if not served.is_open():
        listener = worker.sockets[1]
        server = WSGIServer(("127.0.0.1", 0), Private, bind_and_activate=False)
        server.socket.close()
        server.socket = socket.socket(fileno=os.dup(listener.fileno()))
        server.server_name, server.server_port = server.socket.getsockname()[:2]
        server.setup_environ()
        server.set_app(worker.wsgi)
        server.timeout = TICK
        while worker.alive and not served.is_open():
            if os.getppid() != worker.ppid:
                sys.exit(1)
            worker.notify()
            server.handle_request()
        # Closes the duplicate; the worker's own listener goes on.
        server.server_close()
    worker.wsgi = PublicSite(worker.wsgi)
    served.accept()


def pre_request(worker: Any, request: Any) -> None:
    """Keep the time at which the site was asked."""
    request.ecluse_began = time.monotonic()
    theirs("pre_request", worker, request)


def post_request(worker: Any, request: Any, environ: Any, response: Any) -> None:
    """Count each answer of the site, and note each error, for the watch after a switch."""
    status = getattr(response, "status_code", None) or 0
    if environ.get("PATH_INFO") not in served.HEALTH and not environ.get(CLOSED):
        served.count(worker.age, time.monotonic() - request.ecluse_began, status)
    if served.is_error(status):
        served.note(f"{status} {environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}")
    theirs("post_request", worker, request, environ, response)


def worker_exit(server: Any, worker: Any) -> None:
    """Say of a worker that ends in good order (gunicorn replaces it: max_requests) that it does. Runs in the worker."""
    error = sys.exc_info()[1]
    if error is None or (isinstance(error, SystemExit) and error.code in (0, None)):
        with open(served.farewell(os.getpid()), "w", encoding="utf-8"):
            pass
    theirs("worker_exit", server, worker)


def child_exit(server: Any, worker: Any) -> None:
    """Note a worker that died: gunicorn starts another one, and nobody outside would know."""
    try:
        os.unlink(served.farewell(worker.pid))
    except FileNotFoundError:
        served.note(f"{WORKER_ENDED} {worker.pid}")
    theirs("child_exit", server, worker)
