"""Waiting for a condition, and work that is repeated meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["repeated", "until"]


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


@contextmanager
def repeated(work: Callable[[], None], *, every: float, name: str) -> Iterator[None]:
    """Call *work* in a thread named *name*, *every* so many seconds, for as long as the context lasts. A call that has
    begun is awaited at the end.
    """
    ended = threading.Event()

    def repeat() -> None:
        due = time.monotonic() + every
        while not ended.wait(max(0.0, due - time.monotonic())):
            work()
            due = max(due + every, time.monotonic())

    thread = threading.Thread(target=repeat, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
