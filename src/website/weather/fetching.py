"""Fetching the weather of a place, and storing it: once, however often and by however many at a time that is done."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from website.weather.models import DailySummary, Forecast, Observation, Place, Quarantined
from website.weather.upstream import Hour, Rubbish, Upstream, UpstreamError

__all__ = ["FORECAST_DAYS", "due", "fetch", "insert", "store"]

logger = logging.getLogger(__name__)

FORECAST_DAYS = 4
# So many days before today are fetched at the least: what an upstream or a broker that was away has left out is filled
# in by itself. Of a place that is new, as many as its page shows.
LEAST_PAST_DAYS, MOST_PAST_DAYS = 1, 7

BATCH = 5000
VALUES = ("hour", "temperature", "humidity", "precipitation", "wind_speed", "weather_code")
INSERT = f"""
    INSERT INTO {Observation._meta.db_table} (place_id, {", ".join(VALUES)}, sample)
    SELECT *, %s FROM unnest(
        %s::bigint[], %s::timestamptz[], %s::real[], %s::smallint[], %s::real[], %s::real[], %s::smallint[]
    )
    ON CONFLICT DO NOTHING
"""


def due(now: datetime | None = None) -> QuerySet[Place]:
    """The places whose weather has not been fetched in this hour, those that have waited longest first."""
    hour = (now or timezone.now()).replace(minute=0, second=0, microsecond=0)
    waiting = Place.objects.filter(Q(fetched_at=None) | Q(fetched_at__lt=hour))
    return waiting.order_by(F("fetched_at").asc(nulls_first=True), "pk")


def fetch(place: Place, upstream: Upstream) -> int:
    """Ask *upstream* for the weather of *place*, store it, and return how many hours were observed.

    Raises an UpstreamError where there is none. Why is written down with the place, which keeps its last good data; an
    answer that cannot be believed is put into quarantine.
    """
    now = timezone.now()
    missing = (now - place.fetched_at).days + 1 if place.fetched_at else MOST_PAST_DAYS
    past_days = min(max(missing, LEAST_PAST_DAYS), MOST_PAST_DAYS)
    try:
        hours = upstream.weather(place.latitude, place.longitude, past_days=past_days, days=FORECAST_DAYS)
    except UpstreamError as error:
        Place.objects.filter(pk=place.pk).update(failure=str(error)[:300])
        if isinstance(error, Rubbish):
            Quarantined.objects.create(place=place, reason=str(error)[:300], excerpt=error.excerpt)
            logger.error("Weather of %s (%d) put into quarantine: %s", place, place.pk, error)
        raise
    return store(place, hours, now)


def store(place: Place, hours: Sequence[Hour], now: datetime, *, sample: bool = False) -> int:
    """Store *hours*: those until *now* as observed, the others as forecast. Return how many were observed.

    What has been stored of an hour stays. Real weather takes the place of the sample's, of all of it.
    """
    observed = [one for one in hours if one.hour <= now]
    coming = [
        {**{name: getattr(one, name) for name in VALUES}, "hour": one.hour.isoformat()}
        for one in hours
        if one.hour > now - timedelta(hours=1)
    ]
    with transaction.atomic():
        # The row is held from here on: two that fetch the same place at once do it one after the other.
        held = Place.objects.filter(pk=place.pk)
        if not (held.select_for_update(no_key=True).exists() if sample else held.update(fetched_at=now, failure="")):
            return 0  # taken away in the meantime
        if not sample and place.fetched_at is None:
            Observation.objects.filter(place=place, sample=True).delete()
            DailySummary.objects.filter(place=place, sample=True).delete()
        insert(((place.pk, one) for one in observed), sample=sample)
        Forecast.objects.bulk_create(
            [Forecast(place=place, issued_at=now, hours=coming, sample=sample)],
            update_conflicts=True,
            unique_fields=["place"],
            update_fields=["issued_at", "hours", "sample"],
        )
    return len(observed)


def insert(rows: Iterable[tuple[int, Hour]], *, sample: bool = False) -> None:
    """Store those of *rows*, hours by the key of their place, that are not stored yet.

    PostgreSQL is given columns, not rows: three times as fast as bulk_create, which SQLite makes do with.
    """
    remaining = iter(rows)
    while part := list(islice(remaining, BATCH)):
        if connection.vendor == "postgresql":
            columns = [[getattr(hour, name) for _place, hour in part] for name in VALUES]
            with connection.cursor() as cursor:
                cursor.execute(INSERT, [sample, [place for place, _hour in part], *columns])
        else:
            Observation.objects.bulk_create(
                (Observation(place_id=place, sample=sample, **asdict(hour)) for place, hour in part),
                ignore_conflicts=True,
            )
