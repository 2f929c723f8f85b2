"""The answers of the API, kept in a Redis that all processes share."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from ecluse.definition.model import Service
from ecluse.services import container
from testbed.load.together import together
from website.weather import fetching, history
from website.weather.models import Place
from website.weather.sample import hours

pytestmark = pytest.mark.engine

VISITORS = 20


@pytest.fixture(scope="module")
def redis() -> Iterator[str]:
    service = Service(name="redis", kind="redis", version="8")
    reason = container.why_not(service, os.environ)
    if reason:
        pytest.skip(reason)
    with container.empty(service, os.environ) as url:
        yield url


@pytest.fixture
def address(transactional_db: None, redis: str, settings) -> Iterator[str]:
    """The API's address of the hours of a place; its answers are cached in Redis."""
    settings.CACHES = {"default": {"BACKEND": "website.cache.ForgivingRedis", "LOCATION": redis}}
    now = timezone.now()
    place = Place.objects.create(
        geonames_id=1, name="Lyon", latitude=45.7, longitude=4.8, timezone="Europe/Paris",
        fetched_at=now - timedelta(hours=1),
    )  # fmt: skip
    fetching.store(place, hours(place, now), now)
    yield f"/api/weather/places/{place.pk}/history/"
    cache.clear()


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When observations were read from the database, which takes a while."""
    found: list[float] = []
    by_hour = history.by_hour

    def read(*arguments):
        found.append(time.monotonic())
        time.sleep(0.3)
        return by_hour(*arguments)

    monkeypatch.setattr(history, "by_hour", read)
    return found


def test_concurrent_requests_read_the_history_once(address, readings):
    def ask() -> bytes:
        response = Client().get(address)
        assert response.status_code == 200
        return bytes(response.content)

    def visit() -> bytes:
        # Over a connection of one's own, as each thread has.
        try:
            return ask()
        finally:
            connection.close()
            cache.close()

    answers = together(VISITORS, visit)
    assert len(readings) == 1
    assert len(answers) == VISITORS and len(set(answers)) == 1 and b'"temperature"' in answers[0]
    # New weather is told of at once.
    place = Place.objects.get()
    now = timezone.now()
    fetching.store(place, hours(place, now), now)
    ask()
    assert len(readings) == 2
