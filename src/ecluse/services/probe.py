"""Whether a PostgreSQL is ready: connect and ask it something. "Ready" in its log, or an open port, is not ready."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from ecluse.errors import ServiceError
from ecluse.probes.postgres import connect, refusal

__all__ = ["connect", "redacted", "wait"]

# Seconds between two attempts. A server on this machine takes about 30 ms to start.
_INTERVAL = 0.004
_SLOWEST_INTERVAL = 0.2


def wait(
    url: str, *, timeout: float, what: str = "PostgreSQL", failed: Callable[[], str | None] | None = None
) -> float:
    """Connect to *url* and ``SELECT 1`` until it answers; return the seconds that took.

    *failed* is asked between attempts and says why waiting is of no use (the server has ended). Raises ServiceError
    with the last answer after *timeout* seconds, or at once where *failed* says so.
    """
    began = time.monotonic()
    interval = _INTERVAL
    while True:
        reason = refusal(url, timeout)
        if reason is None:
            return time.monotonic() - began
        ended = failed() if failed is not None else None
        if ended or time.monotonic() - began > timeout:
            raise ServiceError(
                f"{what} did not get ready: {ended or reason}",
                where=redacted(url),
                hint=None if ended else f"waited {timeout:g} s; is the address right, and may this machine reach it?",
            )
        time.sleep(interval)
        interval = min(interval * 1.2, _SLOWEST_INTERVAL)


def redacted(url: str) -> str:
    """*url* without its password."""
    return re.sub(r"(?<=://)([^/@:]*):[^/@]*@", r"\1:[REDACTED]@", url)
