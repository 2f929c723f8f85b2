"""Many at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["together"]

T = TypeVar("T")


def together(number: int, call: Callable[[], T]) -> list[T]:
    """The results that *number* threads get from *call*, made at the same moment."""
    barrier, found = threading.Barrier(number), list[T]()

    def run() -> None:
        barrier.wait()
        found.append(call())

    threads = [threading.Thread(target=run) for _number in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
