"""Waits for a condition."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["until"]


def until(condition: Callable[[], bool], *, timeout: float, interval: float = 0.02) -> bool:
    """Whether *condition* became true within *timeout* seconds. It is asked every *interval* seconds, and once more at
    the end.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > timeout:
            return False
        time.sleep(interval)
    return True
