"""Fetching a place when its page is visited, if there is no broker and so no schedule."""

from __future__ import annotations

from django.conf import settings
from django.core.cache import cache

from website.background import enqueue_all
from website.weather import fetching
from website.weather.models import Place

__all__ = ["refresh"]

# Seconds between two attempts: a visitor waits for each, if only for a few seconds.
PAUSE = 900


def refresh(place: Place) -> Place:
    """*place*; without a broker, and where its weather is not of this hour, after it has been asked for here."""
    if not settings.CELERY_TASK_ALWAYS_EAGER or not fetching.due().filter(pk=place.pk).exists():
        return place
    if not cache.add(f"weather:tried:{place.pk}", True, PAUSE):
        return place
    enqueue_all("weather.fetch_place", [place.pk])
    place.refresh_from_db()
    return place
