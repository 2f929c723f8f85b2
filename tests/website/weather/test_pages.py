import re
from datetime import timedelta

import pytest
from django.utils import timezone

from website.weather import fetching, refreshing, sample
from website.weather.models import Favourite, Observation, Place


def page(client, path, **headers):
    response = client.get(path, headers=headers)
    assert response.status_code == 200
    return response.text


def test_a_place_is_readable_without_any_script(client, observed):
    text = page(client, f"/weather/{observed.pk}/")
    assert "<script" not in text and not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    # The chart has a title and a description, and its numbers stand in tables too.
    assert 'role="img" aria-labelledby="wide-title wide-description"' in text
    assert '<title id="wide-title">Température et précipitations : Lyon</title>' in text
    assert 'id="wide-description"' in text
    assert "10,0\u00a0°C" in text and "prévu" in text and "Heure par heure" in text
    # The drawing has numbers as SVG reads them, in every language.
    paths = re.findall(r'class="chart-line" d="([^"]+)"', text)
    assert len(paths) == 2 and all(re.fullmatch(r"(?:[ML][\d.]+ [\d.]+)+", path) for path in paths)


def test_a_place_is_shown_in_english_too(client, observed):
    text = page(client, f"/weather/{observed.pk}/", **{"accept-language": "en"})
    assert "Temperature and precipitation: Lyon" in text
    assert "Overcast" in text and "10.0\u00a0°C" in text
    assert "Couvert" not in text


def test_an_old_observation_says_how_old_it_is(client, make_place, weather, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    place = make_place()
    fetching.store(
        place, [hour for hour in weather(48) if hour.hour < timezone.now() - timedelta(hours=5)], timezone.now()
    )
    for path in ("/weather/", f"/weather/{place.pk}/"):
        assert re.search(r"il y a (5|6)\xa0heures", page(client, path)), path


def test_day_with_a_single_forecast_hour_is_not_shown(client, make_place, weather, this_hour, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    place = make_place(timezone="UTC")
    tomorrow = this_hour.replace(hour=0) + timedelta(days=1)
    hours = [hour for hour in weather(0, ahead=72) if hour.hour <= tomorrow + timedelta(days=1)]
    fetching.store(place, hours, timezone.now())
    days = client.get(f"/weather/{place.pk}/").context["coming_days"]
    # What is left of today is today's, if it be an hour; of the day after tomorrow there is but one.
    assert days[-1].day == tomorrow.date() and len(days) <= 2


def test_sample_data_is_marked_on_every_page(client, make_place, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    place, now = make_place(), timezone.now()
    fetching.store(place, sample.hours(place, now), now, sample=True)
    for path in ("/weather/", f"/weather/{place.pk}/"):
        assert "Données d&#x27;exemple, inventées" in page(client, path).replace("d’exemple", "d&#x27;exemple")


def test_real_weather_is_not_marked_as_sample(client, observed):
    assert "inventées" not in page(client, f"/weather/{observed.pk}/")


def test_a_place_without_weather_says_so(client, make_place, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    place = make_place()
    assert "Pas encore de relevé." in page(client, f"/weather/{place.pk}/")
    assert "Pas encore de relevé." in page(client, "/weather/")


def test_a_place_that_is_unknown_is_not_found(client, db):
    assert client.get("/weather/404/").status_code == 404


def test_places_are_found_by_name_region_and_country(client, make_place):
    make_place("Lyon")
    make_place("Genève", region="Genève", country="Suisse")
    text = page(client, "/weather/?text=suisse")
    assert "Genève" in text and "Lyon" not in text
    assert "Aucun lieu pour « nulle part »." in page(client, "/weather/?text=nulle+part")


@pytest.mark.parametrize("page_number", ["0", "99", "x", "-1"])
def test_page_number_out_of_range_shows_an_existing_page(client, make_place, page_number):
    make_place()
    assert "Lyon" in page(client, f"/weather/?page={page_number}")


def test_the_list_takes_the_same_queries_for_many_places(client, make_place, weather, django_assert_max_num_queries):
    for number in range(20):
        fetching.store(make_place(f"Lieu {number}"), weather(3), timezone.now())
    with django_assert_max_num_queries(4):
        assert page(client, "/weather/").count("10\u00a0°C") == 20


def test_a_favourite_comes_first_and_goes_again(member, user, make_place):
    make_place("Amiens")
    lyon = make_place("Lyon")
    for _number in range(2):
        answer = member.post(f"/weather/{lyon.pk}/favourite/", {"favourite": "1"})
        assert (answer.status_code, answer.url) == (302, f"/weather/{lyon.pk}/")
    assert Favourite.objects.count() == 1
    assert re.findall(r">(Amiens|Lyon)</a>", page(member, "/weather/")) == ["Lyon", "Amiens"]
    assert "Retirer des favoris" in page(member, f"/weather/{lyon.pk}/")
    member.post(f"/weather/{lyon.pk}/favourite/", {"favourite": "0"})
    assert not Favourite.objects.exists()


@pytest.mark.parametrize("path", ["/weather/1/favourite/", "/weather/add/"])
def test_anonymous_visitors_are_sent_to_the_login(client, make_place, path):
    make_place()
    assert client.post(path).url.startswith("/login/?next=/weather/")


def test_place_is_found_and_added_with_its_weather(member, user, upstream, django_capture_on_commit_callbacks):
    text = page(member, "/weather/search/?name=lyon")
    assert "Auvergne-Rhône-Alpes, France" in text
    with django_capture_on_commit_callbacks(execute=True):
        answer = member.post("/weather/add/", {"name": "lyon", "geonames_id": "2996944"})
    place = Place.objects.get()
    assert answer.url == f"/weather/{place.pk}/"
    assert (place.name, place.timezone, place.added_by) == ("Lyon", "Europe/Paris", user)
    assert Observation.objects.filter(place=place).exists()
    # The name was asked for once: places do not move.
    assert [path for path, _parameters in upstream.asked] == ["/v1/search", "/v1/forecast"]


@pytest.mark.parametrize("key", ["1", "x", "", "9" * 30, "-5"])
def test_a_place_that_the_search_did_not_find_is_not_added(member, upstream, key):
    member.post("/weather/add/", {"name": "lyon", "geonames_id": key})
    assert not Place.objects.exists()


def test_a_search_while_the_upstream_is_down_says_so(member):
    assert "Le service météo ne répond pas." in page(member, "/weather/search/?name=lyon")
    assert member.post("/weather/add/", {"name": "lyon", "geonames_id": "2996944"}).status_code == 302
    assert not Place.objects.exists()


def test_view_of_a_place_fetches_it_without_a_broker(client, make_place, upstream, caplog):
    caplog.set_level("INFO")
    place = make_place()
    assert "Humidité" in page(client, f"/weather/{place.pk}/")
    assert "weather.fetch_place runs in this process: CELERY_BROKER_URL names no broker" in caplog.text
    page(client, f"/weather/{place.pk}/")
    assert len(upstream.asked) == 1


def test_an_upstream_that_is_down_is_not_asked_by_every_visitor(client, observed, upstream):
    upstream.down = True
    Place.objects.update(fetched_at=timezone.now() - timedelta(hours=2))
    for _number in range(3):
        page(client, f"/weather/{observed.pk}/")
    assert len(upstream.asked) == 1


def test_refresh_with_a_broker_does_not_wait_for_the_upstream(client, make_place, upstream, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    refreshing.refresh(make_place())
    assert upstream.asked == []
