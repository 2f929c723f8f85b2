"""Answers of an upstream that are not weather: each is refused with a reason."""

import json
import time

import pytest

from website.weather.answers import parse_matches, parse_weather
from website.weather.openmeteo import VARIABLES
from website.weather.upstream import Rubbish

NOW = int(time.time()) // 3600 * 3600


def body(**changes):
    hourly = {
        "time": [NOW, NOW + 3600],
        "temperature_2m": [7.5, 8],
        "relative_humidity_2m": [80, 79],
        "precipitation": [0, 0.2],
        "wind_speed_10m": [12.5, 13],
        "weather_code": [3, 61],
    }
    return json.dumps({"hourly": {**hourly, **changes}}).encode()


def test_a_good_answer_is_read():
    first, second = parse_weather(body(), VARIABLES)
    assert (first.temperature, first.humidity, first.weather_code) == (7.5, 80, 3)
    assert (second.temperature, second.precipitation, second.hour.timestamp()) == (8.0, 0.2, NOW + 3600)


def test_an_hour_without_a_value_is_left_out():
    [hour] = parse_weather(body(temperature_2m=[None, 8]), VARIABLES)
    assert hour.temperature == 8


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"<html><body>Sign in to the hotel's network</body></html>", "it is HTML"),
        (b"", "it is no JSON"),
        (b"\xff\xfe", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"[]", "it is no JSON object"),
        (b"null", "it is no JSON object"),
        (b"{}", "no hourly values"),
        (b'{"hourly": null}', "no hourly values"),
        (b'{"hourly": [1, 2]}', "no hourly values"),
        (body(temperature_2m=[float("nan"), 8]), "NaN, which is no JSON"),
        (body(temperature_2m=[float("inf"), 8]), "Infinity, which is no JSON"),
        (body().replace(b"7.5", b"1e999"), "inf is no temperature_2m"),
        (body().replace(b"7.5", b"9" * 5000), "it is no JSON"),
        (body(temperature_2m=["7.5", 8]), "'7.5' is no temperature_2m"),
        (body(temperature_2m=[True, 8]), "True is no temperature_2m"),
        (body(temperature_2m=[[7.5], 8]), "is no temperature_2m"),
        (body(temperature_2m=[280.6, 8]), "280.6 is no temperature_2m"),  # kelvins
        (body(relative_humidity_2m=[101, 5]), "101 is no relative_humidity_2m"),
        (body(precipitation=[-1, 0]), "-1 is no precipitation"),
        (body(wind_speed_10m=[900, 0]), "900 is no wind_speed_10m"),
        (body(weather_code=[3.5, 0]), "3.5 is no weather_code"),
        (body(temperature_2m=[7.5]), "no lists of one length"),
        (body(temperature_2m={"0": 7.5, "1": 8}), "no lists of one length"),
        (body(time=5), "no lists of one length"),
        (body(time=["2026-11-21T00:00", "2026-11-21T01:00"]), "is no hour"),
        (body(time=[NOW + 1, NOW + 3600]), "is no hour"),
        (body(time=[NOW, NOW]), "not in order"),
        (body(time=[NOW + 3600, NOW]), "not in order"),
        (body(time=[0, 3600]), "is no hour"),
        (body(time=[3600, 7200]), "it is about 1970-01-01"),
        (body(time=[NOW, NOW + 3600 * 24 * 400]), "it is about 20"),
        (body(time=[], **{name: [] for name in VARIABLES}), "no hours"),
        (body(time=[NOW] * 5000, **{name: [0] * 5000 for name in VARIABLES}), "5000 hours"),
    ],
)
def test_rubbish_is_refused_with_the_reason(answer, reason):
    with pytest.raises(Rubbish, match=reason):
        parse_weather(answer, VARIABLES)


def test_excerpt_of_rubbish_is_short_and_storable():
    with pytest.raises(Rubbish) as caught:
        parse_weather(b"\0\xff" * 5000, VARIABLES)
    assert len(caught.value.excerpt) <= 2000
    assert "\0" not in caught.value.excerpt


PLACE = {"id": 1, "name": "Lyon", "latitude": 45.7, "longitude": 4.8, "timezone": "Europe/Paris"}


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ({"a": 1}, "no list"),
        ([1], "no object"),
        ([{**PLACE, "id": "1"}], "no id"),
        ([{**PLACE, "id": True}], "no id"),
        ([{**PLACE, "name": None}], "no name"),
        ([{**PLACE, "name": "\x00 "}], "no name"),
        ([{**PLACE, "latitude": "45.7"}], "nowhere on Earth"),
        ([{**PLACE, "latitude": 91}], "nowhere on Earth"),
        ([{**PLACE, "longitude": None}], "nowhere on Earth"),
    ],
)
def test_invalid_places_are_refused(results, reason):
    with pytest.raises(Rubbish, match=reason):
        parse_matches(json.dumps({"results": results}).encode())


def test_unknown_time_zone_becomes_utc():
    [match] = parse_matches(json.dumps({"results": [{**PLACE, "timezone": "Mars/Olympus"}]}).encode())
    assert match.timezone == "UTC"


def test_names_are_shown_as_text_alone():
    [match] = parse_matches(json.dumps({"results": [{**PLACE, "name": "Ly\u202eon\x07"}]}).encode())
    assert match.name == "Lyon"
