import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from website.weather import fetching, summaries
from website.weather.models import Favourite, Place
from website.weather.summaries import today


def get(client, path, parameters=None, **headers):
    return client.get(f"/api/weather/{path}", parameters, headers=headers)


def send(client, method, path, body):
    return client.generic(method, f"/api/weather/{path}", json.dumps(body), "application/json")


def errors(response):
    return [(error.get("parameter", error.get("pointer")), error["code"]) for error in response.json()["errors"]]


def test_places_come_by_name_a_part_at_a_time(client, make_place):
    for name in ("Lyon", "Amiens", "Brest"):
        make_place(name)
    first = get(client, "places/", {"page_size": 2}).json()
    assert [place["name"] for place in first["results"]] == ["Amiens", "Brest"]
    second = get(client, "places/", {"page_size": 2, "cursor": first["next"]}).json()
    assert [place["name"] for place in second["results"]] == ["Lyon"]
    assert second["next"] is None
    assert [place["name"] for place in get(client, "places/", {"text": "bre fra"}).json()["results"]] == ["Brest"]
    assert get(client, "places/", {"text": "brèst"}).json()["results"][0]["name"] == "Brest"


def test_the_latest_says_how_old_it_is(client, observed, this_hour):
    found = get(client, f"places/{observed.pk}/latest/").json()
    assert found["observation"]["temperature"] == 10.0
    assert 0 <= found["age_seconds"] < 3600
    assert found["sample"] is False


def test_a_place_without_weather_has_none(client, make_place):
    place = make_place()
    assert get(client, f"places/{place.pk}/latest/").json() == {
        "observation": None, "age_seconds": None, "sample": False,
    }  # fmt: skip
    assert get(client, f"places/{place.pk}/forecast/").json() == {"issued_at": None, "sample": False, "hours": []}
    history = get(client, f"places/{place.pk}/history/").json()
    assert (history["hours"], history["days"]) == ([], [])


def test_the_history_by_hour_and_by_day(client, observed):
    day = today(observed.timezone)
    by_hour = get(client, f"places/{observed.pk}/history/", {"first": day - timedelta(days=3), "last": day}).json()
    assert (by_hour["resolution"], len(by_hour["hours"]), by_hour["days"]) == ("hour", 48, [])
    summaries.store(3)
    by_day = get(client, f"places/{observed.pk}/history/", {"resolution": "day"}).json()
    assert by_day["last"] == day.isoformat()
    assert by_day["days"][-1]["day"] == day.isoformat()
    assert by_day["days"][-1]["temperature_max"] == 10.0


def test_the_forecast_has_its_hours(client, observed):
    found = get(client, f"places/{observed.pk}/forecast/").json()
    assert len(found["hours"]) == 25
    assert found["hours"][0]["temperature"] == 10.0


TODAY = timezone.now().date()


@pytest.mark.parametrize(
    ("parameters", "mistake"),
    [
        ({"first": TODAY - timedelta(days=1), "last": TODAY - timedelta(days=2)}, ("first", "reversed")),
        ({"first": "2026-02-30"}, ("first", "invalid")),
        ({"first": "hier"}, ("first", "invalid")),
        ({"first": "2026-1-5"}, ("first", "invalid")),
        ({"last": "0001-01-01"}, ("last", "absurd")),
        ({"last": "9999-12-31"}, ("last", "absurd")),
        ({"first": "1066-10-14", "last": "2026-01-01"}, ("first", "absurd")),
        ({"first": "2020-01-01", "last": "2026-01-01"}, ("first", "too_long")),
        ({"first": "2010-01-01", "last": "2026-01-01", "resolution": "day"}, ("first", "too_long")),
        ({"resolution": "second"}, ("resolution", "invalid_choice")),
        ({"resolution": ["day", "hour"]}, ("resolution", "repeated")),
        ({"from": "2026-01-01"}, ("from", "unknown")),
    ],
)
def test_invalid_date_range_is_refused_with_the_reason(client, make_place, parameters, mistake):
    answer = get(client, f"places/{make_place().pk}/history/", parameters)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert mistake in errors(answer)


@pytest.mark.parametrize("path", ["", "latest/", "history/", "forecast/"])
def test_a_place_that_is_unknown_is_not_found(client, db, path):
    answer = get(client, f"places/404/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["places/", "places/{}/", "places/{}/latest/", "places/{}/history/", "places/{}/forecast/"]
)
def test_unchanged_answer_is_a_304(client, observed, path):
    path = path.format(observed.pk)
    first = get(client, path)
    again = get(client, path, **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_new_weather_is_not_hidden_by_the_cache(client, observed, weather):
    path = f"places/{observed.pk}/history/"
    first = get(client, path)
    fetching.store(observed, weather(60), timezone.now())
    again = get(client, path, **{"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert len(again.json()["hours"]) > len(first.json()["hours"])


def test_cached_history_costs_one_query(client, observed, django_assert_num_queries):
    path = f"places/{observed.pk}/history/"
    get(client, path)
    with django_assert_num_queries(1):
        assert get(client, path).json()["hours"]


def test_anonymous_visitors_may_only_read(client, make_place):
    place = make_place()
    assert send(client, "POST", "places/", {"name": "lyon", "geonames_id": 2996944}).status_code == 403
    assert send(client, "PUT", f"places/{place.pk}/favourite/", {"favourite": True}).status_code == 403
    assert get(client, "search/", {"name": "lyon"}).status_code == 403
    assert client.delete(f"/api/weather/places/{place.pk}/").status_code == 403


def test_a_user_finds_a_place_and_adds_it_once(member, upstream):
    [lyon, _lyons] = get(member, "search/", {"name": "lyon"}).json()
    body = {"name": "lyon", "geonames_id": lyon["id"]}
    made = send(member, "POST", "places/", body)
    assert (made.status_code, made.json()["name"]) == (201, "Lyon")
    again = send(member, "POST", "places/", body)
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    assert Place.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "/name"),
        ({"name": "lyon", "geonames_id": 5}, "/geonames_id"),
        ({"name": "lyon", "geonames_id": "2996944"}, "/geonames_id"),
        ({"name": "<b>lyon</b>", "geonames_id": 2996944}, "/name"),
        ({"name": "l" * 101, "geonames_id": 2996944}, "/name"),
        ({"name": "lyon", "geonames_id": -1}, "/geonames_id"),
    ],
)
def test_a_place_that_was_not_found_is_not_added(member, upstream, body, where):
    answer = send(member, "POST", "places/", body)
    assert answer.status_code == 400
    assert where in [error["pointer"] for error in answer.json()["errors"]]
    assert not Place.objects.exists()


def test_unreachable_upstream_is_a_503_with_retry_after(member):
    for answer in (
        get(member, "search/", {"name": "lyon"}),
        send(member, "POST", "places/", {"name": "lyon", "geonames_id": 2996944}),
    ):
        assert (answer.status_code, answer["Retry-After"]) == (503, "60")
        assert answer["Content-Type"] == "application/problem+json"


def test_a_favourite_is_set_and_taken_away(member, user, make_place):
    place = make_place()
    for favourite in (True, True, False):
        answer = send(member, "PUT", f"places/{place.pk}/favourite/", {"favourite": favourite})
        assert answer.json() == {"favourite": favourite}
        assert Favourite.objects.filter(user=user, place=place).exists() == favourite


@pytest.mark.parametrize("body", [{}, {"favourite": "yes"}, {"favourite": 1}, {"favourite": None}, []])
def test_a_favourite_is_true_or_false(member, make_place, body):
    assert send(member, "PUT", f"places/{make_place().pk}/favourite/", body).status_code == 400


def test_place_is_deleted_by_staff_only(member, observed):
    assert member.delete(f"/api/weather/places/{observed.pk}/").status_code == 403
    staff = Client()
    staff.force_login(User.objects.create_user("chef", is_staff=True))
    assert staff.delete(f"/api/weather/places/{observed.pk}/").status_code == 204
    assert not Place.objects.exists()
