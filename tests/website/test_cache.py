import pytest
from django.core.cache import caches

from website.health import dependencies
from website.weather import sources


@pytest.fixture
def away(settings):
    """A Redis that is not there, as the cache."""
    settings.CACHES = {
        "default": {"BACKEND": "website.cache.ForgivingRedis", "LOCATION": "redis://127.0.0.1:1/0"},
    }
    return caches["default"]


def test_unreachable_redis_caches_nothing_and_raises_nothing(away, caplog):
    away.set("a", 1, 60)
    assert away.get("a") is None
    assert away.get("a", "nothing") == "nothing"
    assert away.delete("a") is False
    assert "The cache does not answer" in caplog.text


def test_unreachable_cache_grants_a_lock(away):
    assert away.add("lock", True, 10)


def test_weather_is_shown_without_redis(away, client, db):
    from website.weather.models import Place

    place = Place.objects.create(geonames_id=1, name="Lyon", latitude=45, longitude=4, timezone="Europe/Paris")
    assert client.get(f"/api/weather/places/{place.pk}/history/").status_code == 200
    assert client.get(f"/weather/{place.pk}/").status_code == 200
    sources.close()


def test_healthcheck_reports_unreachable_redis(away, monkeypatch):
    monkeypatch.setattr(dependencies, "DEPENDENCIES", {"cache": dependencies.DEPENDENCIES["cache"]})
    assert dependencies.run() == {"cache": "unavailable"}
