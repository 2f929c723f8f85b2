from datetime import datetime, timedelta, timezone

import pytest

from testbed.standins.open_meteo import Answer
from website.weather import openmeteo
from website.weather.openmeteo import OpenMeteo, Patience
from website.weather.upstream import RateLimited, Refused, Rubbish, Unreachable

MINUTELY = b'{"error":true,"reason":"Minutely API request limit exceeded. Please try again in one minute."}'
HTML = Answer(200, b"<!doctype html><h1>It works!</h1>", {"Content-Type": "text/html"})
BROKEN = Answer(502, b"<h1>Bad Gateway</h1>", {"Content-Type": "text/html"})


def lyon(client, **options):
    return client.weather(45.7, 4.8, **{"past_days": 1, "days": 2, **options})


def test_the_hours_of_days_past_and_to_come_are_read_in_order(ask, server):
    hours = lyon(ask())
    today = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    assert [hour.hour for hour in hours] == [today + timedelta(hours=number) for number in range(-24, 48)]
    [(path, parameters)] = server.asked
    assert path == "/v1/forecast"
    assert (parameters["latitude"], parameters["longitude"], parameters["timezone"]) == ("45.7", "4.8", "GMT")
    assert hours[0].temperature == round(25 - 45.7 / 3, 1)


def test_a_key_is_sent_where_there_is_one(ask, server):
    lyon(ask(key="s3cret"))
    assert server.asked[0][1]["apikey"] == "s3cret"


def test_a_key_is_in_no_log(ask, server, caplog):
    caplog.set_level("INFO")
    lyon(ask(key="s3cret"))
    assert "s3cret" not in caplog.text


def test_places_are_found_by_name(ask, server):
    found = ask().search("lyon", "fr")
    assert [(one.id, one.name, one.region, one.timezone) for one in found] == [
        (2996944, "Lyon", "Auvergne-Rhône-Alpes", "Europe/Paris"),
        (4407084, "Lyons", "Auvergne-Rhône-Alpes", "Europe/Paris"),
    ]
    assert server.asked[0][1]["language"] == "fr"


def test_a_name_that_no_place_has_finds_none(ask):
    assert ask().search("nulle part", "fr") == []


@pytest.mark.parametrize("answer", [BROKEN, Answer(500), Answer(503), Answer(408)])
def test_temporary_failure_is_retried_with_growing_pauses(ask, server, answer):
    server.answers = [answer, answer]
    slept: list[float] = []
    assert lyon(ask(slept, patience={"attempts": 3, "pause": 1}))
    first, second = slept
    # Twice as long the second time, and a random part of it.
    assert 0.5 <= first <= 1 <= second <= 2


def test_lasting_failure_is_given_up(ask, server):
    server.answers = [BROKEN] * 3
    with pytest.raises(Unreachable, match="502"):
        lyon(ask(patience={"attempts": 3}))
    assert len(server.asked) == 3


def test_a_server_that_is_not_there_is_unreachable():
    client = OpenMeteo("http://127.0.0.1:1", "http://127.0.0.1:1", patience=Patience(attempts=1))
    with pytest.raises(Unreachable, match="ConnectError"):
        lyon(client)
    client.close()


def test_a_key_is_in_no_error():
    client = OpenMeteo("http://127.0.0.1:1", "http://127.0.0.1:1", key="s3cret", patience=Patience(attempts=1))
    with pytest.raises(Unreachable) as caught:
        lyon(client)
    assert "s3cret" not in f"{caught.value!r} {caught.value.__cause__}"
    client.close()


def test_a_server_that_does_not_answer_in_time_is_unreachable(ask, server):
    server.answers = [Answer(pause=3)]
    with pytest.raises(Unreachable, match="no whole answer within 0.2 s"):
        lyon(ask(patience={"answer": 0.2, "attempts": 1}))


def test_slow_dripping_server_is_given_up(ask, server):
    # Whole, it would be rubbish.
    server.answers = [Answer(200, b" " * 1000, drip=0.02)]
    with pytest.raises(Unreachable, match="no whole answer"):
        lyon(ask(patience={"answer": 0.3, "attempts": 1}))


def test_minute_limit_is_reported_instead_of_waited_for(ask, server):
    server.answers = [Answer(429, MINUTELY)]
    slept: list[float] = []
    with pytest.raises(RateLimited, match="Minutely") as caught:
        lyon(ask(slept))
    assert caught.value.wait == 60
    assert (len(server.asked), slept) == (1, [])


def test_concurrency_limit_is_retried_after_a_second(ask, server):
    server.answers = [Answer(429, b'{"error":true,"reason":"Too many concurrent requests"}')]
    slept: list[float] = []
    assert lyon(ask(slept))
    assert slept == [1.0]


def test_retry_after_of_the_server_is_respected(ask, server):
    server.answers = [Answer(429, MINUTELY, {"Retry-After": "2"})]
    slept: list[float] = []
    assert lyon(ask(slept))
    assert slept == [2.0]


@pytest.mark.parametrize(("window", "hours"), [("Hourly", 1), ("Daily", 24)])
def test_hour_and_day_limits_end_with_hour_and_day(window, hours):
    wait = openmeteo._until_reset(f"{window} API request limit exceeded.")
    assert 0 < wait <= hours * 3600 + 60
    end = datetime.now(timezone.utc) + timedelta(seconds=wait)
    assert end.minute in (0, 1) and (hours == 1 or end.hour == 0)


def test_refused_request_is_not_repeated(ask, server):
    with pytest.raises(Refused, match="Latitude must be in range"):
        ask().weather(1000.0, 4.8, past_days=1, days=1)
    assert len(server.asked) == 1


def test_html_instead_of_json_is_rubbish_with_an_excerpt(ask, server):
    server.answers = [HTML]
    with pytest.raises(Rubbish, match="it is HTML") as caught:
        lyon(ask())
    assert caught.value.excerpt.startswith("<!doctype html>")


def test_endless_answer_is_cut_off(ask, server):
    server.answers = [Answer(200, b"[" * 3_000_000)]
    with pytest.raises(Rubbish, match="more than 1000000 bytes"):
        lyon(ask())


def test_a_redirect_is_not_followed(ask, server):
    server.answers = [Answer(302, b"", {"Location": "http://evil.example/"})]
    with pytest.raises(Rubbish, match="302"):
        lyon(ask())


def test_own_limit_of_calls_per_minute_is_kept(ask, server):
    slept: list[float] = []
    client = ask(slept, per_minute=60)
    for _number in range(3):
        lyon(client)
    # Nothing is slept here: each turn is a second after the one before.
    assert slept[0] == 0 and 0.5 < slept[1] <= 1 and 1.5 < slept[2] <= 2
