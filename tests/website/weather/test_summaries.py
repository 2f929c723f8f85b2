from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from website.weather import history, summaries
from website.weather.models import DailySummary, Observation


@pytest.fixture
def hours():
    """A function that stores the temperatures of a place, hour by hour from a moment on."""

    def store(place, start, *temperatures, **values):
        usual = {"humidity": 50, "precipitation": 0.5, "wind_speed": 5.0, "weather_code": 3}
        Observation.objects.bulk_create(
            Observation(
                place=place, hour=start + timedelta(hours=number), temperature=temperature, **{**usual, **values}
            )
            for number, temperature in enumerate(temperatures)
        )

    return store


def test_a_day_is_made_of_its_hours(make_place, hours):
    place = make_place(timezone="UTC")
    hours(place, datetime(2026, 3, 1, 22, tzinfo=UTC), -2.0, 4.0, 10.0, 11.0)
    [(_place, day)] = summaries.of_places([place], date(2026, 3, 1), date(2026, 3, 1))
    assert (day.temperature_min, day.temperature_mean, day.temperature_max) == (-2.0, 1.0, 4.0)
    assert (day.precipitation, day.hours, day.weather_code) == (1.0, 2, 3)


def test_day_begins_at_local_midnight_when_clocks_change(make_place, hours):
    place = make_place(timezone="Europe/Paris")
    # The night to 29 March 2026 is an hour shorter.
    hours(place, datetime(2026, 3, 28, 0, tzinfo=UTC), *[1.0] * 72)
    days = summaries.of_places([place], date(2026, 3, 28), date(2026, 3, 30))
    assert [(day.day.day, day.hours) for _place, day in days] == [(28, 23), (29, 23), (30, 24)]


def test_the_last_whole_days_are_stored_and_replaced(make_place, hours):
    place = make_place(timezone="Pacific/Auckland")
    there = timezone.now().astimezone(ZoneInfo(place.timezone)).replace(minute=0, second=0, microsecond=0)
    start = there.replace(hour=0) - timedelta(days=2)
    hours(place, start, *[3.0] * 60)
    assert summaries.store(3) == 2  # today is not over
    assert [day.temperature_max for day in DailySummary.objects.all()] == [3.0, 3.0]
    Observation.objects.filter(hour=start).update(temperature=20)
    assert summaries.store(3) == 2
    assert DailySummary.objects.count() == 2
    assert DailySummary.objects.get(day=start.date()).temperature_max == 20


def test_days_come_from_summaries_and_then_from_hours(observed):
    today = summaries.today(observed.timezone)
    before = history.by_day(observed, today - timedelta(days=5), today)
    summaries.store(1)
    assert DailySummary.objects.count() == 1
    after = history.by_day(observed, today - timedelta(days=5), today)
    # The stored one hides what came before it, which was not summarised in time.
    assert [day.day for day in after] == [today - timedelta(days=1), today]
    assert [day.day for day in before][-2:] == [today - timedelta(days=1), today]
    assert [day.temperature_max for day in after] == [10.0, 10.0]


def test_a_year_of_days_reads_no_hours_but_those_of_today(observed, django_assert_num_queries):
    summaries.store(3)
    today = summaries.today(observed.timezone)
    with django_assert_num_queries(2):
        history.by_day(observed, today - timedelta(days=364), today)
    with django_assert_num_queries(1):
        history.by_day(observed, today - timedelta(days=364), today - timedelta(days=1))
