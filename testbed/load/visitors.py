"""Visitors of a site who come at a fixed rate, whatever becomes of those before them; reading, writing, uploading.

Visitors who wait for an answer before they ask again ask less while a site is slow, and so hide that it is. Here the
next one comes when it is due, and its time is counted from then. A client library would hide what is to be seen as
well: nothing is tried again, and a connection that is closed without having been announced (``Connection: close``) is a
request lost.
"""

from __future__ import annotations

import http.client
import itertools
import queue
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Literal

__all__ = ["Answer", "Load", "p99"]

Kind = Literal[
    "GET",
    "GET of a second",
    "GET of ten seconds",
    "POST",
    "POST of a second",
    "POST of ten seconds",
    "POST of an upload",
]

AT_ONCE = 200
"""Requests that may be under way at a time: more than ever are."""

IDLE = 1.0
"""Seconds for which a kept connection is used again. Servers close those that are idle for longer when they end."""

LONG_EVERY = 3.0
"""Seconds between two requests of ten seconds of a kind, and between two uploads, where there are any."""

UPLOAD, PIECES, UPLOAD_SECONDS = 2 << 20, 16, 3.0


@dataclass(frozen=True)
class Answer:
    """*due* and *ended* are seconds of the monotonic clock. *release* answered, which calls itself *version* (to a
    GET), or *lost* says why nobody did. A POST has a *token* of its own, which is its effect.
    """

    kind: Kind
    due: float
    ended: float
    token: str | None = None
    release: str | None = None
    version: str | None = None
    lost: str | None = None

    @property
    def seconds(self) -> float:
        return self.ended - self.due


class Load:
    """*rate* requests a second to ``host:port``, or over connections that *opened* makes, for as long as the context
    lasts.

    Every other one is a POST, every other one comes on a connection that another has left open, as a browser's do.
    *slow*: one in eleven takes a second to answer. *long*: now and then also those of ten seconds, and an upload.
    """

    ended: ClassVar[list[Load]] = []
    """The loads whose context has ended, for whoever counts them."""

    def __init__(
        self,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        rate: float = 100,
        slow: bool = True,
        long: bool = False,
        opened: Callable[[], http.client.HTTPConnection] | None = None,
    ) -> None:
        self._opened = opened or (lambda: http.client.HTTPConnection(host, port, timeout=40))
        self._rate, self._slow, self._long = rate, slow, long
        self._ending = threading.Event()
        # The one that was used last: the others are never touched when they have been idle for long.
        self._kept: queue.LifoQueue[tuple[float, http.client.HTTPConnection]] = queue.LifoQueue()
        self._clocks = [
            threading.Thread(target=self._arrive),
            *([threading.Thread(target=self._dawdle)] if long else []),
        ]
        self._visitors = ThreadPoolExecutor(AT_ONCE)
        self.seen: list[Answer] = []

    def __enter__(self) -> Load:
        for clock in self._clocks:
            clock.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ending.set()
        for clock in self._clocks:
            clock.join()
        self._visitors.shutdown()
        while not self._kept.empty():
            self._kept.get()[1].close()
        self.ended.append(self)

    def wait(self, requests: int) -> None:
        """Return once that many more have been answered or lost."""
        goal = len(self.seen) + requests
        began = time.monotonic()
        while len(self.seen) < goal:
            assert time.monotonic() - began < 60, f"only {len(self.seen)} of {goal}, {len(self.lost)} lost"
            time.sleep(0.01)

    def between(self, began: float, ended: float) -> Sequence[Answer]:
        """The requests that were due between two times."""
        return [one for one in list(self.seen) if began <= one.due < ended]

    @property
    def lost(self) -> list[str]:
        """The requests that got no answer, or a wrong one, each with what it got."""
        return [one.lost for one in list(self.seen) if one.lost is not None]

    @property
    def answers(self) -> Counter[str]:
        """The number of answers of each release."""
        return Counter(one.release for one in list(self.seen) if one.release is not None)

    @property
    def effects(self) -> list[str]:
        """The tokens of POSTs that were answered."""
        return [one.token for one in list(self.seen) if one.token is not None and one.lost is None]

    def _arrive(self) -> None:
        began = time.monotonic()
        for number in itertools.count():
            due = began + number / self._rate
            if self._ending.wait(max(0.0, due - time.monotonic())):
                return
            kind: Kind = "POST" if number % 2 else "GET"
            if self._slow and number % 11 == 10:
                kind = "POST of a second" if number % 2 else "GET of a second"
            self._visitors.submit(self._visit, kind, due, number % 4 < 2)

    def _dawdle(self) -> None:
        while True:
            due = time.monotonic()
            self._visitors.submit(self._visit, "GET of ten seconds", due, True)
            self._visitors.submit(self._visit, "POST of ten seconds", due, False)
            self._visitors.submit(self._visit, "POST of an upload", due, False)
            if self._ending.wait(LONG_EVERY):
                return

    def _visit(self, kind: Kind, due: float, keep: bool) -> None:
        token = f"{uuid.uuid4()}" if kind.startswith("POST") else None
        release = version = lost = None
        connection = self._connection(keep)
        try:
            self._request(connection, kind, token or "")
            response = connection.getresponse()
            said = response.read().decode(errors="replace").split()
            if response.status != 200:
                raise http.client.HTTPException(f"status {response.status}")
            # A GET is answered with the version, the release and the process; an upload with its size and the release.
            version = said[0] if token is None else None
            release = said[1 if token is None or kind == "POST of an upload" else 0]
            if keep and not response.will_close:
                self._kept.put((time.monotonic(), connection))
            else:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            lost = f"{kind} on a {'kept' if keep else 'fresh'} connection: {error!r}"
        self.seen.append(Answer(kind, due, time.monotonic(), token, release, version, lost))

    @staticmethod
    def _request(connection: http.client.HTTPConnection, kind: Kind, token: str) -> None:
        if kind == "POST of an upload":
            length = {"Content-Length": str(UPLOAD)}
            connection.request("POST", f"/upload/?token={token}", body=_slowly(), headers=length)
        else:
            method, _, takes = kind.partition(" of ")
            seconds = {"a second": "?seconds=1", "ten seconds": "?seconds=10"}.get(takes, "")
            connection.request(method, f"/{'effect/' if token else ''}{seconds}", body=token or None)

    def _connection(self, keep: bool) -> http.client.HTTPConnection:
        while keep:
            try:
                since, connection = self._kept.get_nowait()
            except queue.Empty:
                break
            if time.monotonic() - since < IDLE:
                return connection
            connection.close()
        return self._opened()


def _slowly() -> Iterator[bytes]:
    """An upload on a slow line."""
    for _ in range(PIECES):
        yield bytes(UPLOAD // PIECES)
        time.sleep(UPLOAD_SECONDS / PIECES)


def p99(answers: Sequence[Answer]) -> float:
    """Seconds within which 99 of 100 that were answered were; 0 where none was."""
    times = sorted(one.seconds for one in answers if one.lost is None)
    return times[min(len(times) - 1, int(len(times) * 0.99))] if times else 0.0
