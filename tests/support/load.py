"""Visitors of a site: half on connections that they keep, half on a fresh one for each request; reading, and writing.

A client library would hide what is to be seen here: nothing is tried again, and a connection that is closed without
having been announced (``Connection: close``) is a request lost.
"""

from __future__ import annotations

import http.client
import threading
import time
import uuid
from collections import Counter
from types import TracebackType

__all__ = ["Load"]

# Together about 200 requests a second: far below what two processes can answer, so that what is slow is the rollout.
PAUSE = 0.05


class Load:
    """*kept* and *fresh* visitors of ``host:port``, for as long as the context lasts.

    Every other request of each is a POST with a token of its own. One in ten GETs takes a second to answer.
    """

    def __init__(self, port: int, *, host: str = "127.0.0.1", kept: int = 8, fresh: int = 8) -> None:
        self._host, self._port = host, port
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._visit, args=(number, number < kept)) for number in range(kept + fresh)
        ]
        self.lost: list[str] = []
        self.answers: Counter[str] = Counter()
        self.effects: list[str] = []
        self.slowest = 0.0

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(30)

    def wait(self, requests: int) -> None:
        """Return once that many more have been answered or lost."""
        goal = self.answers.total() + len(self.lost) + requests
        began = time.monotonic()
        while self.answers.total() + len(self.lost) < goal:
            assert time.monotonic() - began < 60, f"only {self.answers.total()} answers, {len(self.lost)} lost"
            time.sleep(0.01)

    def _visit(self, number: int, keep: bool) -> None:
        connection: http.client.HTTPConnection | None = None
        count = number
        while not self._ending.is_set():
            if connection is None:
                connection = http.client.HTTPConnection(self._host, self._port, timeout=30)
            count += 1
            token = f"{uuid.uuid4()}"
            began = time.monotonic()
            try:
                if count % 2:
                    connection.request("POST", "/effect/", body=token)
                else:
                    connection.request("GET", "/?seconds=1" if count % 20 == 0 else "/")
                response = connection.getresponse()
                body = response.read().decode()
                if response.status != 200:
                    raise http.client.HTTPException(f"status {response.status}")
            except (OSError, http.client.HTTPException) as error:
                kind = "kept" if keep else "fresh"
                self.lost.append(f"{'POST' if count % 2 else 'GET'} on a {kind} connection: {error!r}")
                connection.close()
                connection = None
            else:
                self.answers[body.split()[1] if count % 2 == 0 else body] += 1
                if count % 2:
                    self.effects.append(token)
                elif count % 20:
                    self.slowest = max(self.slowest, time.monotonic() - began)
                if not keep or response.will_close:
                    connection.close()
                    connection = None
            time.sleep(PAUSE)
        if connection is not None:
            connection.close()
