"""The weather's work in the background."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from website.background import enqueue_all
from website.celery import app
from website.weather import cleaning, fetching, sources, summaries
from website.weather.upstream import Refused, UpstreamError

if TYPE_CHECKING:
    from celery import Task

__all__ = ["clean", "fetch_all", "fetch_place", "summarise"]

logger = logging.getLogger(__name__)

# Attempts after the first, and seconds between them: half a minute, a minute, …; all of them within the hour.
RETRIES = 5
FIRST_PAUSE = 30
LONGEST_PAUSE = 900


@app.task(name="weather.fetch_all")
def fetch_all() -> int:
    """Ask for the weather of every place that has none of this hour: a task for each. Returns for how many."""
    return enqueue_all(fetch_place.name, fetching.due().values_list("pk", flat=True))


@app.task(
    bind=True,
    name="weather.fetch_place",
    max_retries=RETRIES,
    rate_limit=f"{settings.OPEN_METEO_PER_MINUTE}/m" if settings.OPEN_METEO_PER_MINUTE else None,
    # Of a million runs a day only those that failed are worth a row.
    ignore_result=True,
    store_errors_even_if_ignored=True,
    # What has failed to the end is not forgotten: the broker puts it into the queue "dead".
    acks_on_failure_or_timeout=False,
)
def fetch_place(self: Task[Any, Any], pk: int) -> int:
    """Fetch and store the weather of the place *pk*; return how many hours were observed.

    Run twice in an hour it does nothing the second time. An upstream that has none is asked again later, and later.
    """
    place = fetching.due().filter(pk=pk).first()
    if place is None:
        return 0
    # In the process of the site somebody waits for it.
    upstream = sources.for_visitors() if self.request.is_eager else sources.for_workers()
    try:
        return fetching.fetch(place, upstream)
    except Refused as error:
        logger.error("Weather of %s (%d) is refused: %s", place, pk, error)
        raise
    except UpstreamError as error:
        if self.request.is_eager:  # here and now there is no later
            logger.warning("No weather of %s (%d): %s", place, pk, error)
            return 0
        pause = min(FIRST_PAUSE * 2**self.request.retries, LONGEST_PAUSE) * random.uniform(0.5, 1)
        raise self.retry(exc=error, countdown=max(pause, error.wait or 0)) from error


@app.task(name="weather.summarise")
def summarise(days: int = 3) -> int:
    """Store the summaries of the last *days* whole days of all places, and return how many those are."""
    return summaries.store(days)


@app.task(name="weather.clean")
def clean() -> int:
    """Delete old data, and return the number of deleted rows."""
    return cleaning.clean(timezone.now())
