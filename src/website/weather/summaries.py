"""Days, made of the hours that were observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta

from django.db.models import Avg, Case, Count, Max, Min, Sum, Value, When
from django.db.models.functions import TruncDate
from django.utils import timezone

from website.weather import zones
from website.weather.models import DailySummary, Observation, Place

__all__ = ["Day", "bounds", "of_places", "store", "stored", "today"]


@dataclass(frozen=True, slots=True)
class Day:
    """The weather of a day: °C, mm, km/h, the most severe of WMO's codes, and how many hours it is made of."""

    day: date
    temperature_min: float
    temperature_mean: float
    temperature_max: float
    precipitation: float
    wind_speed_max: float
    weather_code: int
    hours: int
    sample: bool


DAY = tuple(field.name for field in fields(Day))


def today(zone: str) -> date:
    """The date in the time zone *zone*."""
    return timezone.now().astimezone(zones.zone(zone)).date()


def bounds(zone: str, first: date, last: date) -> tuple[datetime, datetime]:
    """When *first* begins and *last* ends, by the clocks of *zone*."""
    there = zones.zone(zone)
    return datetime.combine(first, time(), there), datetime.combine(last + timedelta(days=1), time(), there)


def of_places(places: Sequence[Place], first: date, last: date) -> list[tuple[int, Day]]:
    """The days from *first* to *last* of *places*, of one time zone, made of their hours: each with its place's key."""
    if not places:
        return []
    zone = places[0].timezone
    start, end = bounds(zone, first, last)
    hours = Observation.objects.filter(place__in=places, hour__gte=start, hour__lt=end)
    days = (
        hours.annotate(day=TruncDate("hour", tzinfo=zones.zone(zone)))
        .values("place_id", "day")
        .annotate(
            temperature_min=Min("temperature"),
            temperature_mean=Avg("temperature"),
            temperature_max=Max("temperature"),
            total=Sum("precipitation"),
            wind_speed_max=Max("wind_speed"),
            worst=Max("weather_code"),
            hours=Count("hour"),
            samples=Max(Case(When(sample=True, then=Value(1)), default=Value(0))),
        )
        .order_by("day", "place_id")
    )
    return [
        (
            day["place_id"],
            Day(
                day=day["day"],
                temperature_min=day["temperature_min"],
                temperature_mean=round(day["temperature_mean"], 2),
                temperature_max=day["temperature_max"],
                precipitation=round(day["total"], 2),
                wind_speed_max=day["wind_speed_max"],
                weather_code=day["worst"],
                hours=day["hours"],
                sample=bool(day["samples"]),
            ),
        )
        for day in days
    ]


def stored(place: Place, first: date, last: date) -> list[Day]:
    """The days from *first* to *last* that are stored, in order."""
    rows = DailySummary.objects.filter(place=place, day__gte=first, day__lte=last).order_by("day")
    # Not as models: of a year they take longer than all the rest.
    return [Day(*row) for row in rows.values_list(*DAY)]


def store(days: int) -> int:
    """Store the last *days* whole days of every place, replacing older rows; return the number of rows."""
    count = 0
    for zone in Place.objects.order_by().values_list("timezone", flat=True).distinct():
        yesterday = today(zone) - timedelta(days=1)
        places = list(Place.objects.filter(timezone=zone).only("timezone"))
        for beginning in range(0, len(places), 1000):
            made = of_places(places[beginning : beginning + 1000], yesterday - timedelta(days=days - 1), yesterday)
            DailySummary.objects.bulk_create(
                (DailySummary(place_id=key, **{name: getattr(day, name) for name in DAY}) for key, day in made),
                update_conflicts=True,
                unique_fields=["place", "day"],
                update_fields=[name for name in DAY if name != "day"],
            )
            count += len(made)
    return count
