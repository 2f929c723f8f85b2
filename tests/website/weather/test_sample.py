from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from website.weather import sample
from website.weather.models import Forecast, Observation, Place


def test_places_without_an_upstream_have_marked_sample_data(db, caplog):
    assert sample.load() == Place.objects.count() == 8
    assert not Observation.objects.filter(sample=False).exists()
    assert Forecast.objects.filter(sample=True).count() == 8
    assert not Place.objects.exclude(fetched_at=None).exists()
    assert caplog.text.count("No weather from the upstream") == 1
    assert sample.load() == 0


def test_places_with_an_upstream_have_its_weather(db, upstream):
    assert sample.load() == 8
    assert not Observation.objects.filter(sample=True).exists()
    assert len(upstream.asked) == 8


def test_sample_weather_is_reproducible_and_plausible(db, upstream):
    sample.load()
    now = timezone.now()
    for place in Place.objects.all():
        hours = sample.hours(place, now)
        assert hours == sample.hours(place, now)
        assert len(hours) == 24 * 11
        assert all(-40 < hour.temperature < 45 and 0 <= hour.humidity <= 100 for hour in hours)


def test_fetch_command_fetches_due_places(transactional_db, make_place, upstream):
    for _number in range(3):
        make_place()
    out = StringIO()
    call_command("fetch_weather", stdout=out)
    assert out.getvalue() == "3 of 3 places fetched.\n"
    assert Place.objects.exclude(fetched_at=None).count() == 3
    call_command("fetch_weather", stdout=out)
    assert out.getvalue().endswith("0 of 0 places fetched.\n")


def test_fetch_command_fails_if_no_place_has_weather(transactional_db, make_place, upstream, monkeypatch):
    upstream.down = True
    monkeypatch.setattr(sample.sources, "for_workers", sample.sources.for_visitors)
    make_place()
    with pytest.raises(CommandError, match="no weather for any place"):
        call_command("fetch_weather", stdout=StringIO(), stderr=StringIO())


def test_fetch_command_needs_a_concurrency_of_at_least_one(db):
    with pytest.raises(CommandError, match="at least 1"):
        call_command("fetch_weather", concurrency=0)
