"""Fixtures of the tests of the weather."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from testbed.standins import open_meteo
from website.weather import fetching, openmeteo, sources
from website.weather.models import Place
from website.weather.openmeteo import OpenMeteo, Patience
from website.weather.upstream import Hour

# Seconds: a busy machine answers late, and no test fails of it.
GENEROUS = {"connect": 30, "answer": 30}


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """No cache from an earlier test, and no upstream either."""
    cache.clear()
    sources.close()
    yield
    sources.close()


@pytest.fixture
def server() -> Iterator[open_meteo.OpenMeteoServer]:
    """Open-Meteo, on this machine."""
    with open_meteo.running() as running:
        yield running


@pytest.fixture
def upstream(server, settings, monkeypatch) -> open_meteo.OpenMeteoServer:
    """The same, as what the site asks."""
    monkeypatch.setattr(openmeteo, "Patience", lambda **given: Patience(**given | GENEROUS))
    settings.OPEN_METEO_URL = settings.OPEN_METEO_GEOCODING_URL = server.url
    return server


@pytest.fixture
def ask(server) -> Iterator[Callable[..., OpenMeteo]]:
    """A function that makes a client of the server, which notes how long it would have slept."""
    made: list[OpenMeteo] = []

    def make(slept: list[float] | None = None, **options: Any) -> OpenMeteo:
        patience = Patience(**GENEROUS | options.pop("patience", {}))
        sleep = slept.append if slept is not None else lambda seconds: None
        made.append(OpenMeteo(server.url, server.url, patience=patience, sleep=sleep, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def make_place(db: None) -> Callable[..., Place]:
    """A function that makes a place: make_place("Lyon", timezone="Europe/Paris")."""
    made = 0

    def make(name: str = "Lyon", **fields: Any) -> Place:
        nonlocal made
        made += 1
        usual = {"region": "Auvergne-Rhône-Alpes", "country": "France", "timezone": "Europe/Paris"}
        return Place.objects.create(
            **{"name": name, "geonames_id": made, "latitude": 45.7, "longitude": 4.8, **usual, **fields}
        )

    return make


@pytest.fixture
def this_hour() -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def weather(this_hour) -> Callable[..., list[Hour]]:
    """A function that makes hours, the last of them this one: weather(3, temperature=7.5)."""

    def make(count: int = 24, *, ahead: int = 0, **values: Any) -> list[Hour]:
        usual = {"temperature": 10.0, "humidity": 50, "precipitation": 0.0, "wind_speed": 5.0, "weather_code": 3}
        first = this_hour - timedelta(hours=count - 1)
        return [Hour(first + timedelta(hours=number), **{**usual, **values}) for number in range(count + ahead)]

    return make


@pytest.fixture
def observed(make_place, weather) -> Place:
    """Lyon, with two days of weather and one to come."""
    place = make_place()
    fetching.store(place, weather(48, ahead=24), timezone.now())
    place.refresh_from_db()
    return place


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ariane", password="un mot de passe")


@pytest.fixture
def member(user) -> Client:
    """A browser in which a user is logged in."""
    client = Client()
    client.force_login(user)
    return client
