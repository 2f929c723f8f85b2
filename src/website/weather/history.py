"""The observations of a place: its latest hour, a stretch of hours, a stretch of days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from website.weather.models import DailySummary, Observation, Place
from website.weather.summaries import Day, bounds, of_places, stored, today

__all__ = ["Latest", "by_day", "by_hour", "latest"]


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest observation of a place, and how old it is."""

    observation: Observation
    age: timedelta

    @property
    def is_old(self) -> bool:
        """Whether it is older than a fetch every hour explains."""
        return self.age > timedelta(hours=3)


def latest(places: Sequence[Place]) -> dict[int, Latest]:
    """The newest observation of each of *places* that has one, by the place's key. Two queries."""
    newest = Observation.objects.filter(place=OuterRef("pk")).order_by("-hour").values("hour")[:1]
    keys = Place.objects.filter(pk__in=[place.pk for place in places]).order_by().annotate(newest=Subquery(newest))
    hours = [key for key in keys.values_list("pk", "newest") if key[1]]
    now = timezone.now()
    found = Observation.objects.filter(pk__in=hours) if hours else []
    return {one.place_id: Latest(one, max(now - one.hour, timedelta(0))) for one in found}


def by_hour(place: Place, first: date, last: date) -> QuerySet[Observation]:
    """The observations of the days from *first* to *last*, in order."""
    start, end = bounds(place.timezone, first, last)
    return Observation.objects.filter(place=place, hour__gte=start, hour__lt=end).order_by("hour")


def by_day(place: Place, first: date, last: date) -> list[Day]:
    """The days from *first* to *last*, in order. Those after the last that is stored, as today, are made of hours."""
    found = stored(place, first, last)
    if found:
        until: date | None = found[-1].day
    else:
        earlier = DailySummary.objects.filter(place=place, day__lt=first).order_by("-day")
        until = earlier.values_list("day", flat=True).first()
    start = max(first, until + timedelta(days=1)) if until else first
    end = min(last, today(place.timezone))
    return found + [day for _key, day in of_places([place], start, end)] if start <= end else found
