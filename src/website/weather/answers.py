"""Open-Meteo's answers, checked against its documentation before they are used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, NoReturn
from zoneinfo import available_timezones

from website.weather.upstream import Hour, Match, Rubbish

__all__ = ["parse_matches", "parse_weather"]

# What can be on Earth, with room for records to come (WMO: -89.2 and 56.7 °C, 305 mm in an hour, gusts of 408 km/h).
PLAUSIBLE = {
    "temperature_2m": (-95, 65),
    "relative_humidity_2m": (0, 100),
    "precipitation": (0, 400),
    "wind_speed_10m": (0, 450),
    "weather_code": (0, 99),
}
MOST_HOURS = 24 * 120
HOUR = 3600
# Open-Meteo has at most 92 days before and 16 from today.
EARLIEST, LATEST = timedelta(days=93), timedelta(days=17)


def parse_weather(body: bytes, variables: Sequence[str]) -> list[Hour]:
    """The hours in *body*, an answer of /v1/forecast with these *variables* and times in seconds since 1970.

    An hour that lacks a value is left out: the ends of a model's run have such. Raises Rubbish for anything else that
    is not as documented; then nothing of the answer is believed.
    """
    answer = _decoded(body)
    try:
        hourly = answer["hourly"]
        times, columns = hourly["time"], [hourly[name] for name in variables]
    except (KeyError, TypeError):
        _reject("it has no hourly values", body)
    if not all(isinstance(column, list) and len(column) == len(times) for column in (times, *columns)):
        _reject("its columns are no lists of one length", body)
    if len(times) > MOST_HOURS:
        _reject(f"it has {len(times)} hours", body)
    found: list[Hour] = []
    now = datetime.now(timezone.utc)
    for moment, *values in zip(times, *columns, strict=True):
        # No bool, which is an int to Python; whole hours; each later than the one before.
        if type(moment) is not int or moment % HOUR or not 0 < moment < 2**33:
            _reject(f"{moment!r:.40} is no hour", body)
        hour = datetime.fromtimestamp(moment, timezone.utc)
        if not now - EARLIEST <= hour <= now + LATEST:
            _reject(f"it is about {hour:%Y-%m-%d}", body)
        if found and hour <= found[-1].hour:
            _reject("its hours are not in order", body)
        if None in values:
            continue
        for name, value in zip(variables, values, strict=True):
            low, high = PLAUSIBLE[name]
            if type(value) not in (int, float) or not low <= value <= high:
                _reject(f"{value!r:.40} is no {name}", body)
        temperature, humidity, precipitation, wind, code = values
        if code != int(code):
            _reject(f"{code!r} is no weather_code", body)
        found.append(Hour(hour, float(temperature), round(humidity), float(precipitation), float(wind), int(code)))
    if not found:
        _reject("it has no hours", body)
    return found


def parse_matches(body: bytes) -> list[Match]:
    """The places in *body*, an answer of /v1/search. Raises Rubbish for one that is not as documented."""
    results = _decoded(body).get("results", [])
    if not isinstance(results, list):
        _reject("its results are no list", body)
    return [_match(one, body) for one in results[:100]]


def _match(one: Any, body: bytes) -> Match:
    if not isinstance(one, dict):
        _reject("a result is no object", body)
    key: Any = one.get("id")
    latitude: Any = one.get("latitude")
    longitude: Any = one.get("longitude")
    texts = [one.get(name, "") for name in ("name", "admin1", "country", "timezone")]
    if type(key) is not int or not 0 < key < 2**53 or not all(isinstance(text, str) for text in texts):
        _reject("a result has no id or no name", body)
    for value, limit in ((latitude, 90), (longitude, 180)):
        if type(value) not in (int, float) or not -limit <= value <= limit:
            _reject("a result is nowhere on Earth", body)
    # They are shown to people and stored: no control characters, and not the length of a book.
    name, region, country, zone = ("".join(filter(str.isprintable, text))[:200].strip() for text in texts)
    if not name:
        _reject("a result has no name", body)
    return Match(
        key, name, region, country, float(latitude), float(longitude), zone if zone in available_timezones() else "UTC"
    )


def _decoded(body: bytes) -> dict[str, Any]:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"it has {constant}, which is no JSON")

    try:
        found = json.loads(body, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        reason = str(error) if "no JSON" in str(error) else "it is no JSON"
        _reject("it is HTML" if body.lstrip()[:1] == b"<" else reason, body)
    if not isinstance(found, dict):
        _reject("it is no JSON object", body)
    return found


def _reject(reason: str, body: bytes) -> NoReturn:
    raise Rubbish.of(reason, body)
