"""Whether a PostgreSQL is ready: connect and ask it something. "Ready" in its log, or an open port, is not ready."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from ecluse.errors import ServiceError, ToolError

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
        reason = _refusal(url, timeout)
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


def connect(url: str, *, timeout: float = 10) -> Any:
    """A connection of the installed driver (psycopg2 or psycopg) to *url*, committing every statement at once.

    Raises the driver's OperationalError where the server does not take it, ToolError where no driver is installed.
    """
    driver = _driver()
    # libpq counts whole seconds, and takes 1 for 2.
    connection = driver.connect(url, connect_timeout=max(2, int(timeout)))
    connection.autocommit = True
    return connection


def redacted(url: str) -> str:
    """*url* without its password."""
    return re.sub(r"(?<=://)([^/@:]*):[^/@]*@", r"\1:[REDACTED]@", url)


def _refusal(url: str, timeout: float) -> str | None:
    try:
        connection = connect(url, timeout=timeout)
    except _driver().OperationalError as error:
        return str(error).strip() or type(error).__name__
    try:
        connection.cursor().execute("SELECT 1")
    except _driver().Error as error:
        return str(error).strip() or type(error).__name__
    finally:
        connection.close()
    return None


def _driver() -> Any:
    try:
        import psycopg2

        return psycopg2
    except ImportError:
        pass
    try:
        import psycopg  # type: ignore[import-not-found, unused-ignore]

        return psycopg
    except ImportError:
        raise ToolError(
            "neither psycopg2 nor psycopg is installed", hint="install ecluse[postgres], or psycopg2-binary"
        ) from None
