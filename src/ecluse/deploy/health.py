"""Whether a process of a release may be given requests, and whether a release goes on answering once it has them."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ecluse.errors import RolloutError

__all__ = ["Answer", "ask", "ask_at", "gate", "watch"]

PATH = "/readiness/"
TIMES = 3
"""One good answer is not health: the gate opens after this many in a row."""


@dataclass(frozen=True)
class Answer:
    """What /readiness/ said. *status* is 0 where nothing answered, *detail* then says why."""

    status: int
    release: str | None = None
    detail: str = ""

    def good(self, release: str) -> bool:
        """Ready, and the release that was asked for."""
        return self.status == 200 and self.release == release

    def __str__(self) -> str:
        return f"{self.status} {self.detail}".strip() if self.status else self.detail


def ask(address: str, url: str, *, timeout: float = 5) -> Answer:
    """Ask the process at *address* (``host:port``) as a visitor of *url* would: the same Host, the same scheme."""
    host, _, port = address.rpartition(":")
    return _ask(http.client.HTTPConnection(host, int(port), timeout=timeout), urlsplit(url))


def ask_at(door: str, url: str, *, timeout: float = 5) -> Answer:
    """Ask whatever stands before the site at *door*, an address with its scheme, as a visitor of *url* would."""
    at = urlsplit(door)
    kind = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
    return _ask(kind(at.hostname or "", at.port, timeout=timeout), urlsplit(url))


def _ask(connection: http.client.HTTPConnection, public: SplitResult) -> Answer:
    headers = {"Host": public.netloc, "X-Forwarded-Proto": public.scheme, "Accept": "application/json"}
    try:
        connection.request("GET", PATH, headers=headers)
        response = connection.getresponse()
        body = response.read(65536)
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, detail=f"no answer: {error or type(error).__name__}")
    finally:
        connection.close()
    try:
        value = json.loads(body)
        return Answer(response.status, value.get("release"), json.dumps(value))
    except (ValueError, AttributeError):
        return Answer(response.status, None, body[:200].decode(errors="replace"))


def gate(
    probe: Callable[[], Answer],
    release: str,
    *,
    ended: Callable[[], str | None],
    timeout: float = 60,
    interval: float = 0.05,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once *probe* has been good several times in a row.

    *ended* is asked between two probes and says why waiting is of no use. Raises RolloutError with the last answer
    after *timeout* seconds, or at once where *ended* says so.
    """
    began, row = clock(), 0
    while True:
        answer = probe()
        row = row + 1 if answer.good(release) else 0
        if row >= TIMES:
            return
        reason = ended()
        if reason is not None:
            raise RolloutError(f"release {release} does not start: {reason}")
        if clock() - began > timeout:
            wrong = f"it calls itself {answer.release}" if answer.status == 200 else str(answer)
            raise RolloutError(
                f"release {release} did not get ready within {timeout:g} s: {PATH} says {wrong}",
                hint="./ecluse logs ENV shows what its processes printed",
            )
        sleep(interval)


def watch(
    probe: Callable[[], Answer],
    release: str,
    seconds: float,
    *,
    trouble: Callable[[], str | None],
    interval: float = 0.1,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Look at *release* through the front door for *seconds*. *trouble* says what has gone beyond a limit, if anything.

    Raises RolloutError for trouble, or where the door is answered wrongly several times in a row.
    """
    began, row = clock(), 0
    while True:
        answer = probe()
        row = 0 if answer.good(release) else row + 1
        found = trouble()
        if found is None and row >= TIMES:
            found = f"{PATH} says {answer}"
        if found is not None:
            raise RolloutError(f"release {release} did not do well after the switch: {found}")
        if clock() - began >= seconds:
            return
        sleep(interval)
