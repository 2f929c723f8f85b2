"""The upstream that the site asks for weather, with its timeouts."""

from __future__ import annotations

import threading

from django.conf import settings

from website.weather.upstream import Upstream

__all__ = ["close", "for_visitors", "for_workers"]

# One of each in a process, for its connections and its pace; two threads that ask first at the same time get the same.
_made: dict[str, Upstream] = {}
_making = threading.Lock()


def for_workers() -> Upstream:
    """The upstream, asked with the patience of work in the background: less than a task's time limit."""
    return _one("workers", answer=10, attempts=3)


def for_visitors() -> Upstream:
    """The upstream for requests during which a visitor waits: shorter timeouts."""
    return _one("visitors", answer=4, attempts=1)


def close() -> None:
    """Close the upstreams' connections. The next request opens new ones, with the settings of that time."""
    with _making:
        while _made:
            _made.popitem()[1].close()


def _one(name: str, *, answer: float, attempts: int) -> Upstream:
    # Imported when first asked for: the site starts without it.
    from website.weather.openmeteo import OpenMeteo, Patience

    with _making:
        if name not in _made:
            _made[name] = OpenMeteo(
                settings.OPEN_METEO_URL,
                settings.OPEN_METEO_GEOCODING_URL,
                key=settings.OPEN_METEO_KEY,
                patience=Patience(answer=answer, attempts=attempts),
                per_minute=settings.OPEN_METEO_PER_MINUTE,
            )
        return _made[name]
