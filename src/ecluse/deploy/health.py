"""Health: whether a process of a release may get requests, and whether the release stays well once it gets them."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ecluse.definition.model import Watch
from ecluse.errors import RolloutError

__all__ = ["ENOUGH", "Answered", "Readiness", "Seen", "ask", "ask_at", "beyond", "gate", "watch", "worse"]

TIMES = 3
"""The gate opens after this many good answers in a row: a single one is not health."""

ENOUGH = 40
"""Two releases are compared where each has given this many answers."""

NOTICED = 0.25
"""Seconds up to which no answer is called slow: nobody notices."""


@dataclass(frozen=True)
class Readiness:
    """The answer of the readiness page *path*. *status* is 0 where nothing answered; *detail* then says why."""

    status: int
    release: str | None = None
    detail: str = ""
    path: str = "/readiness/"

    def good(self, release: str) -> bool:
        """Whether *release* answered, and is ready."""
        return self.status == 200 and self.release == release

    def __str__(self) -> str:
        return f"{self.status} {self.detail}".strip() if self.status else self.detail


def ask(address: str, url: str, path: str, gate: str = "", *, timeout: float = 5) -> Readiness:
    """Ask the process at *address* (``host:port``) for *path*, as a visitor of *url*: the same Host and scheme.

    *gate* shows that the rollout asks, where our wrapper answers for the site.
    """
    at = urlsplit(f"//{address}")
    return _ask(http.client.HTTPConnection(at.hostname or "", at.port, timeout=timeout), urlsplit(url), path, gate)


def ask_at(door: str, url: str, path: str, *, timeout: float = 5) -> Readiness:
    """Ask the front server at *door*, an address with its scheme, for *path*, as a visitor of *url*."""
    at = urlsplit(door)
    public = urlsplit(url)
    if at.scheme != "https":
        return _ask(http.client.HTTPConnection(at.hostname or "", at.port, timeout=timeout), public, path)
    return _ask(_Door(public.hostname or "", (at.hostname or "", at.port or 443), timeout), public, path)


class _Door(http.client.HTTPSConnection):
    """HTTPS to the site *name* at *address*, where its name does not lead yet: the certificate is the name's."""

    def __init__(self, name: str, address: tuple[str, int], timeout: float) -> None:
        super().__init__(name, timeout=timeout)
        self._address, self._tls, self._seconds = address, ssl.create_default_context(), timeout

    def connect(self) -> None:
        plain = socket.create_connection(self._address, self._seconds)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except OSError:
            plain.close()
            raise


def _ask(connection: http.client.HTTPConnection, public: SplitResult, path: str, gate: str = "") -> Readiness:
    headers = {"Host": public.netloc, "X-Forwarded-Proto": public.scheme, "Accept": "application/json"}
    if gate:
        headers["X-Ecluse-Gate"] = gate
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read(65536)
    except (OSError, http.client.HTTPException) as error:
        return Readiness(0, detail=f"no answer: {error or type(error).__name__}", path=path)
    finally:
        connection.close()
    try:
        value = json.loads(body)
        return Readiness(response.status, value.get("release"), json.dumps(value), path)
    except (ValueError, AttributeError):
        return Readiness(response.status, None, body[:200].decode(errors="replace"), path)


@dataclass(frozen=True)
class Seen:
    """The counts of a watch so far: *errors* and *restarts* with a few words each, and all *answers*."""

    errors: Sequence[str]
    answers: int
    restarts: Sequence[str]


def beyond(limits: Watch, seen: Seen) -> str | None:
    """The limit of *limits* that has been passed, in words; None if none has."""
    if len(seen.restarts) > limits.most_restarts:
        return seen.restarts[-1]
    errors = len(seen.errors)
    if errors > limits.most_errors and errors > limits.error_share * seen.answers:
        share = f" in {seen.answers} answers" if limits.error_share else ""
        return f"{errors} errors{share}, as {seen.errors[-1]}"
    return None


@dataclass(frozen=True)
class Answered:
    """How a release answered for a time: the *errors* among its *answers*, and the *seconds* within which it gave 95 %
    of them.
    """

    answers: int
    errors: int
    seconds: float

    @property
    def share(self) -> float:
        """The share of errors."""
        return self.errors / self.answers


def worse(limits: Watch, before: Answered, now: Answered) -> str | None:
    """The limit of *limits* by which *now* is worse than *before*, in words; None where it is not, and where either
    has too few answers to tell.
    """
    if min(before.answers, now.answers) < ENOUGH:
        return None
    if limits.more_errors and now.share > before.share + limits.more_errors:
        return f"{now.share:.1%} of {now.answers} answers were errors, before the switch {before.share:.1%}"
    if limits.slower and now.seconds > max(limits.slower * before.seconds, NOTICED):
        return f"95 % of the answers took up to {now.seconds:.2g} s, before the switch {before.seconds:.2g} s"
    return None


def gate(
    probe: Callable[[], Readiness],
    release: str,
    *,
    ended: Callable[[], str | None],
    timeout: float = 60,
    interval: float = 0.05,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once *probe* has been good several times in a row.

    *ended* is asked between two probes: it says why waiting is useless, or None. Raises RolloutError at once where it
    does, and with the last answer after *timeout* seconds.
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
                f"release {release} did not get ready within {timeout:g} s: {answer.path} says {wrong}",
                hint="./ecluse logs ENV shows what its processes printed",
            )
        sleep(interval)


def watch(
    probe: Callable[[], Readiness],
    release: str,
    seconds: float,
    *,
    trouble: Callable[[], str | None],
    interval: float = 0.1,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Ask for *release* at the front door for *seconds*. *trouble* says which limit has been passed, if any.

    Raises RolloutError for trouble, or after several wrong answers in a row.
    """
    began, row = clock(), 0
    while True:
        answer = probe()
        row = 0 if answer.good(release) else row + 1
        found = trouble()
        if found is None and row >= TIMES:
            found = f"{answer.path} says {answer}"
        if found is not None:
            raise RolloutError(f"release {release} did not do well after the switch: {found}")
        if clock() - began >= seconds:
            return
        sleep(interval)
