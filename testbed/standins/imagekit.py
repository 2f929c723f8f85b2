"""ImageKit, as its documentation says that it answers, on this machine. What it does wrong, a test tells it to.

https://imagekit.io/docs/api-reference: upload, list, delete, errors (``message`` and ``help``), rate limits, and files.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["Failure", "ImageKitServer", "serve"]

HELP = "For support kindly contact us at support@imagekit.io ."


@dataclass
class Failure:
    """An answer that is none. *stored*: the request was carried out all the same. Status 0: the connection is cut.

    It waits for *until* to be set, where that is given; then *waiting* is set first.
    """

    status: int
    message: str = "it broke"
    headers: dict[str, str] = field(default_factory=dict)
    stored: bool = False
    until: threading.Event | None = None
    waiting: threading.Event = field(default_factory=threading.Event)


class ImageKitServer:
    """The account *key*: its ``files`` by path; ``failures`` to come, one by one; the ``requests`` that there were."""

    def __init__(self, port: int, key: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.endpoint = f"{self.url}/account"
        self.key = key
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.failures: list[Failure] = []
        self.requests: list[str] = []
        self.limit = 25 * 1024 * 1024
        self.lock = threading.Lock()

    def store(self, path: str, content: bytes) -> dict[str, Any]:
        """The answer of the upload API. A file of the same path is replaced, and keeps its id."""
        with self.lock:
            before = self.files.get(path)
            found = {
                "fileId": before["fileId"] if before else uuid.uuid4().hex[:24],
                "name": path.rpartition("/")[2],
                "filePath": path,
                "url": f"{self.endpoint}{path}",
                "size": len(content),
                "fileType": "image" if path.endswith((".jpg", ".png", ".gif", ".webp")) else "non-image",
                "type": "file",
                "createdAt": before["createdAt"] if before else datetime.now(UTC).isoformat(),
            }
            self.files[path], self.contents[path] = found, content
        return found


@contextlib.contextmanager
def serve(key: str = "private_test") -> Iterator[ImageKitServer]:
    """The server, for as long as the context lasts."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.account = ImageKitServer(http.server_port, key)  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield http.account  # type: ignore[attr-defined]
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def account(self) -> ImageKitServer:
        return self.server.account  # type: ignore[attr-defined, no-any-return]

    def log_message(self, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._wrong("POST"):
            return
        failure = self._failure()
        if failure and not failure.stored:
            return self._fail(failure)
        fields = _parts(self.headers["Content-Type"], body)
        assert fields["useUniqueFileName"] == b"false", fields.keys()
        if len(fields["file"]) > self.account.limit:
            return self._fail(Failure(400, "Your request exceeds the maximum file size limit of your plan."))
        path = f"{fields['folder'].decode().rstrip('/')}/{fields['fileName'].decode()}"
        stored = self.account.store(path, fields["file"])
        if failure:
            return self._fail(failure)
        self._answer(200, stored)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path.startswith("/account/"):
            path = address.path.removeprefix("/account")
            self.account.requests.append(f"GET {self.path}")
            if path not in self.account.contents:
                return self._answer(404, b"Not found")
            return self._answer(200, self.account.contents[path])
        if self._wrong("GET"):
            return
        if failure := self._failure():
            return self._fail(failure)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        found = sorted(self.account.files.values(), key=lambda file: str(file["createdAt"]))
        if name := re.search(r'name = "([^"]+)"', query.get("searchQuery", "")):
            found = [file for file in found if file["name"] == name[1]]
        skip, limit = int(query.get("skip", 0)), int(query.get("limit", 1000))
        self._answer(200, found[skip : skip + limit])

    def do_DELETE(self) -> None:
        if self._wrong("DELETE"):
            return
        if failure := self._failure():
            return self._fail(failure)
        key = self.path.rpartition("/")[2]
        with self.account.lock:
            paths = [path for path, file in self.account.files.items() if file["fileId"] == key]
            for path in paths:
                del self.account.files[path], self.account.contents[path]
        if not paths:
            return self._fail(Failure(404, "The requested file does not exist."))
        self._answer(204, b"")

    def _wrong(self, method: str) -> bool:
        self.account.requests.append(f"{method} {self.path}")
        expected = base64.b64encode(f"{self.account.key}:".encode()).decode()
        # The SDK sends a password, too, which ImageKit does not look at.
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        if base64.b64decode(given).decode().partition(":")[0] == base64.b64decode(expected).decode().partition(":")[0]:
            return False
        self._fail(Failure(401, "Your account cannot be authenticated."))
        return True

    def _failure(self) -> Failure | None:
        with self.account.lock:
            return self.account.failures.pop(0) if self.account.failures else None

    def _fail(self, failure: Failure) -> None:
        if failure.until:
            failure.waiting.set()
            failure.until.wait(60)
        if failure.status == 0:
            self.close_connection = True
            self.connection.close()
            return
        self._answer(failure.status, {"message": failure.message, "help": HELP}, failure.headers)

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("x-ik-requestid", "request-1")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _parts(content_type: str, body: bytes) -> dict[str, bytes]:
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    found = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]+)"', head)
        assert name, head
        found[name[1].decode()] = content.removesuffix(b"\r\n")
    return found
