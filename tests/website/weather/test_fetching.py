import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from testbed.standins.open_meteo import Answer
from website.weather import fetching, sample, sources
from website.weather.models import DailySummary, Forecast, Observation, Place, Quarantined
from website.weather.upstream import Rubbish, Unreachable


def fetch(place):
    return fetching.fetch(place, sources.for_visitors())


def test_past_hours_are_observations_and_coming_hours_forecast(make_place, upstream, this_hour):
    place = make_place()
    count = fetch(place)
    observed = Observation.objects.filter(place=place)
    assert count == observed.count() > 7 * 24  # of a new place the last seven days
    assert observed.latest("hour").hour == this_hour
    forecast = Forecast.objects.get(place=place)
    assert forecast.hours[0]["hour"] == this_hour.isoformat()
    assert len(forecast.hours) > 3 * 24
    place.refresh_from_db()
    assert place.fetched_at is not None and place.failure == ""


def test_fetching_twice_stores_nothing_twice(make_place, upstream):
    place = make_place()
    fetch(place)
    before = set(Observation.objects.values_list("hour", "temperature"))
    fetch(place)
    assert set(Observation.objects.values_list("hour", "temperature")) == before
    assert Observation.objects.count() == len(before)


def test_stored_hour_is_not_overwritten(make_place, weather):
    place = make_place()
    fetching.store(place, weather(2, temperature=1.0), timezone.now())
    fetching.store(place, weather(3, temperature=9.0), timezone.now())
    assert list(Observation.objects.order_by("hour").values_list("temperature", flat=True)) == [9.0, 1.0, 1.0]


def test_a_forecast_is_replaced(make_place, weather):
    place = make_place()
    for temperature in (1.0, 2.0):
        fetching.store(place, weather(1, ahead=2, temperature=temperature), timezone.now())
    assert [hour["temperature"] for hour in Forecast.objects.get().hours] == [2.0, 2.0, 2.0]


@pytest.mark.parametrize(("days", "asked"), [(0, "1"), (2.5, "3"), (60, "7")])
def test_days_that_were_missed_are_asked_for(make_place, upstream, days, asked):
    fetch(make_place(fetched_at=timezone.now() - timedelta(days=days)))
    assert upstream.asked[0][1]["past_days"] == asked


@pytest.mark.django_db(transaction=True)
def test_fetching_at_the_same_time_stores_nothing_twice(make_place, upstream):
    place = make_place()
    barrier, failures = threading.Barrier(4), []

    def run():
        try:
            barrier.wait()
            fetch(place)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Observation.objects.count() == len(set(Observation.objects.values_list("hour", flat=True))) > 7 * 24


def test_rubbish_is_quarantined_and_good_data_stay(observed, upstream, caplog):
    before = list(Observation.objects.values_list("pk", "temperature"))
    upstream.answers = [Answer(200, b"<h1>Sign in</h1>", {"Content-Type": "text/html"})]
    with pytest.raises(Rubbish):
        fetch(observed)
    [quarantined] = Quarantined.objects.all()
    assert (quarantined.place, quarantined.reason) == (observed, "it is HTML")
    assert quarantined.excerpt == "<h1>Sign in</h1>"
    assert list(Observation.objects.values_list("pk", "temperature")) == before
    fetched_at = observed.fetched_at
    observed.refresh_from_db()
    assert (observed.failure, observed.fetched_at) == ("it is HTML", fetched_at)
    assert "put into quarantine: it is HTML" in caplog.text


def test_values_of_the_wrong_type_go_into_quarantine(make_place, upstream):
    upstream.spoil = _with_words
    with pytest.raises(Rubbish):
        fetch(make_place())
    assert Quarantined.objects.get().reason == "'sunny' is no weather_code"
    assert not Observation.objects.exists()


def _with_words(answer):
    answer["hourly"]["weather_code"][5] = "sunny"
    return answer


def test_upstream_failure_is_noted_until_it_is_back(make_place, upstream):
    place = make_place()
    upstream.down = True
    with pytest.raises(Unreachable):
        fetch(place)
    place.refresh_from_db()
    assert (place.failure, place.fetched_at) == ("status 503", None)
    upstream.down = False
    fetch(place)
    place.refresh_from_db()
    assert place.failure == "" and place.fetched_at


def test_real_weather_takes_the_place_of_the_sample(make_place, upstream):
    place, now = make_place(), timezone.now()
    fetching.store(place, sample.hours(place, now), now, sample=True)
    DailySummary.objects.create(
        place=place, day=now.date(), temperature_min=0, temperature_mean=1, temperature_max=2, precipitation=0,
        wind_speed_max=0, weather_code=0, hours=1, sample=True,
    )  # fmt: skip
    assert Observation.objects.filter(sample=True).exists()
    fetch(place)
    assert not Observation.objects.filter(sample=True).exists()
    assert not DailySummary.objects.exists()
    assert not Forecast.objects.get().sample


def test_a_place_taken_away_in_the_meantime_gets_no_weather(make_place, weather):
    place = make_place()
    Place.objects.all().delete()
    assert fetching.store(place, weather(), timezone.now()) == 0
    assert not Observation.objects.exists()


def test_places_are_due_once_an_hour_the_longest_waiting_first(make_place, this_hour):
    fresh = make_place("Frais", fetched_at=this_hour)
    old = make_place("Vieux", fetched_at=this_hour - timedelta(minutes=1))
    older = make_place("Plus vieux", fetched_at=this_hour - timedelta(days=1))
    new = make_place("Neuf")
    assert list(fetching.due()) == [new, older, old]
    assert fresh not in fetching.due()
