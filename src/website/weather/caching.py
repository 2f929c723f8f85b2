"""The cache, without a stampede: of many who miss the same thing at the same moment, one makes it.

Who comes while it is made anew gets what was there before; who comes when nothing was there waits a little.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache

__all__ = ["cached"]

T = TypeVar("T")

# Seconds. Nobody holds the right to make something for longer, and nobody waits for longer to get it from another.
LOCK = 15
PATIENCE = 5.0
INTERVAL = 0.02
# For so many times its age what is old is still better than nothing, while it is made anew.
STALE = 2


def cached(name: str, seconds: float, make: Callable[[], T]) -> T:
    """The value that *make* returns, or returned at most *seconds* ago, under *name*: in all processes that share the
    cache.

    An error of *make* is raised to who called it, and nothing is kept.
    """
    key = f"once:{hashlib.sha256(name.encode()).hexdigest()}"
    lock = f"{key}:lock"
    began = time.monotonic()
    while True:
        found = cache.get(key)
        if _fresh(found):
            value: T = found[0]
            return value
        if cache.add(lock, True, LOCK):
            try:
                # Another may have made it, and given the lock back, since the look above.
                found = cache.get(key)
                if not _fresh(found):
                    found = (make(), time.time() + seconds)
                    cache.set(key, found, seconds * STALE)
            finally:
                cache.delete(lock)
            made: T = found[0]
            return made
        if found is not None:
            stale: T = found[0]
            return stale
        # Whoever is at it may have died, or be slower than anyone wants to wait.
        if time.monotonic() - began > PATIENCE:
            return make()
        time.sleep(INTERVAL)


def _fresh(found: Any) -> bool:
    return found is not None and bool(time.time() < found[1])
