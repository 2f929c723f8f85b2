"""The cache in Redis. If Redis is unavailable, every value is computed again, and the site goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache

__all__ = ["ForgivingRedis"]

logger = logging.getLogger(__name__)

T = TypeVar("T")


class ForgivingRedis(RedisCache):
    """Django's, but a Redis that does not answer is an empty cache, said in the log."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._or(default, lambda: super(ForgivingRedis, self).get(key, default, version))

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._or(None, lambda: super(ForgivingRedis, self).set(*args, **kwargs))

    def add(self, *args: Any, **kwargs: Any) -> bool:
        # As if it had been free: whoever asks for a lock goes to work.
        return self._or(True, lambda: super(ForgivingRedis, self).add(*args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return self._or(False, lambda: super(ForgivingRedis, self).delete(*args, **kwargs))

    def _or(self, otherwise: T, ask: Callable[[], T]) -> T:
        from redis.exceptions import RedisError

        try:
            return ask()
        except RedisError as error:
            logger.warning("The cache does not answer: %s", type(error).__name__)
            return otherwise
