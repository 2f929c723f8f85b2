"""An ASGI site as its rollout and as visitors get it.

Copied into the target's folder beside gunicorn_conf.py; runs in a release's own Python.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecluse.deploy.targets.server import served, unaware
else:
    served, unaware = sys.modules["ecluse_served"], sys.modules["ecluse_unaware"]

__all__ = ["PublicAsgi", "UnawareAsgi"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Site = Callable[[Scope, Receive, Send], Awaitable[None]]

# https://www.iana.org/assignments/websocket/websocket.xhtml
_TRY_AGAIN_LATER = 1013


class PublicAsgi:
    """The ASGI *site* as visitors get it: counted, with the maintenance page in its place while there is one, and with
    the static files of the releases that are kept beside this one.

    *answered* is called after each answer, with its seconds and its status. Once it is *ending*, each answer closes its
    connection.
    """

    def __init__(self, site: Site, answered: Callable[[float, int], None]) -> None:
        self.site, self.answered = site, answered
        self.static = served.static_url()
        self.ending = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        page = served.maintenance_page() if path not in served.HEALTH else None
        if scope["type"] == "websocket":
            if page is not None:
                return await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER})
            return await self._noted(self.site, scope, receive, send)
        if page is not None:
            return await answer(send, 503, served.closed_headers(page), page)
        is_static = self.static and path.startswith(self.static) and scope["method"] in ("GET", "HEAD")
        await self._noted(self._static if is_static else self.site, scope, receive, send)

    async def _noted(self, site: Site, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with *site*; count the answer, and note an error, for the watch after a switch."""
        status, began = 101, time.monotonic()

        async def hear(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self.ending:
                    message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        try:
            await site(scope, receive, hear)
        except OSError:  # the visitor has gone
            raise
        except Exception:
            status = 500
            raise
        finally:
            if served.is_error(status):
                served.note(f"{status} {scope.get('method', 'WebSocket')} {scope.get('path')}")
            if scope["type"] == "http" and scope.get("path") not in served.HEALTH:
                self.answered(time.monotonic() - began, status)

    async def _static(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The site's answer for a static file; where it has none, the file of another release: a page of that one
        asks for it while both take requests.
        """
        found: str | None = None

        async def hear(message: MutableMapping[str, Any]) -> None:
            nonlocal found
            if message["type"] == "http.response.start" and message["status"] == 404:
                found = served.elsewhere(scope["path"][len(self.static) :])
            if found is None:
                await send(message)

        await self.site(scope, receive, hear)
        if found is not None:
            await answer_file(send, found, scope["method"])


class UnawareAsgi:
    """An ASGI *site* that knows nothing of Écluse, and answers to the gate; *page* is a page that must not fail.

    The release's static files are served before the site where its own middleware does not.
    """

    def __init__(self, site: Site, page: str) -> None:
        self.site, self.page = site, page
        self.secret = os.environ.get("ECLUSE_GATE", "")
        self.static = "" if serves_itself() else served.static_url()
        self.folder = os.environ.get("DJANGO_STATIC_ROOT", "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and path in served.HEALTH and self._is_gate(scope):
            return await self._gate(scope, send)
        if scope["type"] == "http" and self.static and path.startswith(self.static):
            own = served.file_in(self.folder, path[len(self.static) :])
            if own is not None and scope["method"] in ("GET", "HEAD"):
                return await answer_file(send, own, scope["method"])
        await self.site(scope, receive, send)

    def _is_gate(self, scope: Scope) -> bool:
        said = dict(scope["headers"]).get(b"x-ecluse-gate", b"")
        return hmac.compare_digest(said, self.secret.encode())

    async def _gate(self, scope: Scope, send: Send) -> None:
        loop = asyncio.get_running_loop()
        found = {self.page: await self._page(scope), "database": await loop.run_in_executor(None, unaware.database)}
        body = json.dumps({"release": os.environ["ECLUSE_RELEASE"], "checks": found}).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        await answer(send, 200 if unaware.is_good(found[self.page], found["database"]) else 503, headers, body)

    async def _page(self, scope: Scope) -> str:
        """The status with which the site answers its page, as a visitor who asks for it, and the exception of a 500."""
        said = ["no answer"]
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept"]
        asked = {
            **scope,
            "method": "GET",
            "path": self.page,
            "raw_path": self.page.encode(),
            "query_string": b"",
            "headers": [*headers, (b"accept", b"text/html,*/*")],
        }
        request = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> MutableMapping[str, Any]:
            for message in request:
                return message
            await asyncio.Event().wait()  # the visitor stays
            raise AssertionError

        async def hear(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                said.append(str(message["status"]))

        with unaware.exceptions(self.page) as raised:
            try:
                await self.site(asked, receive, hear)
            except Exception as error:  # whatever a site raises is its answer
                raised.append(unaware.named(error))
        return f"500 {raised[-1]}" if raised else said[-1]


def serves_itself() -> bool:
    """Whether the site's own middleware serves its static files."""
    from django.conf import settings

    return any(word in name.lower() for name in settings.MIDDLEWARE for word in ("whitenoise", "servestatic"))


async def answer(send: Send, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    """Answer with *body*."""
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def answer_file(send: Send, path: str, method: str) -> None:
    """Answer with the static file at *path*."""
    with open(path, "rb") as file:
        content = file.read()
    await answer(send, 200, served.static_headers(path, content), content if method == "GET" else b"")
