"""Requests that arrive at a fixed rate, whatever becomes of those before them.

Visitors who wait for an answer before they ask again ask less while a site is slow, and so hide that it is. Here the
next one comes when it comes, and its time is counted from when it was due. Nothing is tried again.
"""

from __future__ import annotations

import http.client
import queue
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType

__all__ = ["Answer", "Arrivals", "p99"]

AT_ONCE = 100
"""Requests that may be under way at a time: more than ever are."""


@dataclass(frozen=True)
class Answer:
    """*due* and *ended* are seconds of the monotonic clock. *release* answered, or *lost* says why nobody did."""

    due: float
    ended: float
    post: str | None
    release: str | None
    lost: str | None = None

    @property
    def seconds(self) -> float:
        return self.ended - self.due


class Arrivals:
    """*rate* requests a second to ``127.0.0.1:port`` for as long as the context lasts.

    Each fourth is a POST with a token of its own. Each second comes on a connection that another one has left open, as
    a browser's or a proxy's do; the others on one of their own.
    """

    def __init__(self, port: int, rate: float) -> None:
        self._port, self._rate = port, rate
        self._ending = threading.Event()
        self._kept: queue.SimpleQueue[http.client.HTTPConnection] = queue.SimpleQueue()
        self._clock = threading.Thread(target=self._arrive)
        self._visitors = ThreadPoolExecutor(AT_ONCE)
        self.answers: list[Answer] = []

    def __enter__(self) -> Arrivals:
        self._clock.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ending.set()
        self._clock.join()
        self._visitors.shutdown()
        while not self._kept.empty():
            self._kept.get().close()

    def between(self, began: float, ended: float) -> Sequence[Answer]:
        """What was due then."""
        return [answer for answer in self.answers if began <= answer.due < ended]

    def _arrive(self) -> None:
        began, number = time.monotonic(), 0
        while not self._ending.is_set():
            due = began + number / self._rate
            self._ending.wait(max(0.0, due - time.monotonic()))
            self._visitors.submit(self._visit, due, number)
            number += 1

    def _visit(self, due: float, number: int) -> None:
        keep, post = number % 2 == 0, number % 4 == 1 or number % 8 == 4
        token = f"{uuid.uuid4()}" if post else None
        connection = self._connection(keep)
        release, lost = None, None
        try:
            connection.request("POST" if post else "GET", "/effect/" if post else "/", body=token)
            response = connection.getresponse()
            body = response.read().decode(errors="replace")
            if response.status != 200:
                raise http.client.HTTPException(f"status {response.status}")
            release = None if post else body.split()[0]
            if keep and not response.will_close:
                self._kept.put(connection)
            else:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            lost = repr(error)
        self.answers.append(Answer(due, time.monotonic(), token, release, lost))

    def _connection(self, keep: bool) -> http.client.HTTPConnection:
        if keep:
            try:
                return self._kept.get_nowait()
            except queue.Empty:
                pass
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)


def p99(answers: Sequence[Answer]) -> float:
    """Seconds within which 99 of 100 that were answered were; 0 where none was."""
    times = sorted(answer.seconds for answer in answers if answer.lost is None)
    return times[min(len(times) - 1, int(len(times) * 0.99))] if times else 0.0
