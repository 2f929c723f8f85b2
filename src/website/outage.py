"""The database is away for a moment: it restarts, or has no connection left."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError, connections

__all__ = ["SECONDS", "concerns"]

SECONDS = 10
"""Seconds after which a visitor may try again: about as long as a database takes to restart."""


def concerns(error: BaseException | None) -> bool:
    """Whether *error* is that of a database which cannot be reached. A lock that was waited for too long, or a fault in
    a query, leaves the connection usable: that is no outage.
    """
    if not isinstance(error, InterfaceError | OperationalError):
        return False
    return any(one.connection is None or not one.is_usable() for one in connections.all(initialized_only=True))
