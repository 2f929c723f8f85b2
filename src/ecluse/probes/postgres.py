"""PostgreSQL takes the connection, and answers a query. The one probe that needs a library: the driver."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

from ecluse.errors import ToolError
from ecluse.probes import NotReady
from ecluse.probes.address import Address

__all__ = ["ask", "connect", "refusal"]


def ask(address: Address, timeout: float) -> None:
    """Connect as the user of the address, and ``SELECT 1``. Raises ToolError where no driver is installed."""
    reason = refusal(address.url, timeout)
    if reason is not None:
        raise NotReady(reason)


def connect(url: str, *, timeout: float = 10) -> Any:
    """A connection of the installed driver (psycopg2 or psycopg) to *url*, committing every statement at once.

    Raises the driver's OperationalError where the server does not take it, ToolError where no driver is installed.
    """
    driver = _driver()
    # libpq counts whole seconds, and takes 1 for 2.
    connection = driver.connect(url, connect_timeout=max(2, int(timeout)))
    connection.autocommit = True
    return connection


def refusal(url: str, timeout: float) -> str | None:
    """Why the server at *url* does not answer a query; None where it does."""
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
    # In Django's order, so that a process of Django's imports one driver, not two.
    for name in ("psycopg", "psycopg2"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    raise ToolError("neither psycopg2 nor psycopg is installed", hint="install psycopg2-binary")
