"""Places to begin with, and weather for them that is invented: what is shown where no upstream can be reached.

It follows from the place and the hour alone, so that it is the same everywhere; and everything made of it says so.
"""

from __future__ import annotations

import logging
import math
from datetime import datetime, timedelta

from django.core.management import call_command
from django.utils import timezone

from website.weather import fetching, sources
from website.weather.models import Place
from website.weather.upstream import Hour, UpstreamError

__all__ = ["hours", "load"]

logger = logging.getLogger(__name__)

PAST_DAYS = 7


def load() -> int:
    """Add the places where there are none, with their weather; return how many they are, 0 where there are some.

    Real weather, or where the upstream does not answer the first time, the sample.
    """
    if Place.objects.exists():
        return 0
    call_command("loaddata", "places", verbosity=0)
    reachable = True
    places = list(Place.objects.all())
    for place in places:
        if reachable:
            try:
                fetching.fetch(place, sources.for_visitors())
                continue
            except UpstreamError as error:
                logger.warning(
                    "No weather from the upstream (%s): the places show the bundled sample, marked so", error
                )
                reachable = False
        now = timezone.now()
        fetching.store(place, hours(place, now), now, sample=True)
    return len(places)


def hours(place: Place, now: datetime) -> list[Hour]:
    """Invented hours of *place*, from PAST_DAYS before *now* to as far as a forecast goes."""
    begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=PAST_DAYS)
    return [
        _hour(place, begin + timedelta(hours=number)) for number in range(24 * (PAST_DAYS + fetching.FORECAST_DAYS))
    ]


def _hour(place: Place, hour: datetime) -> Hour:
    clock = hour.hour + place.longitude / 15  # by the sun
    season = math.cos(2 * math.pi * (hour.timetuple().tm_yday - 200) / 365) * (1 if place.latitude >= 0 else -1)
    # Weather comes and goes in waves of a few days, elsewhere at other times.
    days = hour.timestamp() / 86400
    wave = math.sin(days * 2.1 + place.longitude) + 0.6 * math.sin(days * 3.7 + place.latitude)
    daily = math.cos(2 * math.pi * (clock - 15) / 24)
    temperature = 27 - abs(place.latitude) * 0.42 + season * abs(place.latitude) * 0.2 + 4 * daily + 2.5 * wave
    wet = max(0.0, -wave - 0.5 + 0.3 * math.sin(days * 19))
    frozen = temperature < 0.5
    code = (75 if frozen else 63) if wet > 0.7 else (71 if frozen else 61) if wet > 0.2 else 3 if wave < 0 else 2
    return Hour(
        hour=hour,
        temperature=round(temperature, 1),
        humidity=round(min(100, max(25, 70 - 12 * daily - 12 * wave))),
        precipitation=round(wet * 2.4, 1) if wet > 0.2 else 0.0,
        wind_speed=round(8 + 5 * abs(wave) + 4 * max(0, daily), 1),
        weather_code=code if wave < 1 else 0,
    )
