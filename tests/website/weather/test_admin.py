import pytest

from website.weather import summaries
from website.weather.models import Observation, Place, Quarantined


@pytest.mark.parametrize("model", ["place", "forecast", "quarantined"])
def test_the_lists_are_shown(admin, observed, model):
    Quarantined.objects.create(place=observed, reason="it is HTML", excerpt="<h1>Sign in</h1>")
    assert admin.get(f"/admin/weather/{model}/").status_code == 200


def test_quarantined_answer_is_shown_as_text(admin, observed):
    kept = Quarantined.objects.create(place=observed, reason="it is HTML", excerpt="<h1>Sign in</h1>")
    text = admin.get(f"/admin/weather/quarantined/{kept.pk}/change/").text
    assert "&lt;h1&gt;Sign in" in text and "<h1>Sign in" not in text


def test_weather_can_be_asked_for_now(admin, observed, upstream, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        admin.post("/admin/weather/place/", {"action": "fetch", "_selected_action": [observed.pk]})
    assert len(upstream.asked) == 1
    assert Observation.objects.count() > 48
    assert Place.objects.get().fetched_at


@pytest.mark.parametrize("zone", ["Europe/Pariss", "Europe", "../../etc/passwd", "x" * 65, ""])
def test_place_with_unknown_time_zone_is_refused(admin, zone):
    fields = {"geonames_id": 1, "name": "Brest", "latitude": 48.4, "longitude": -4.5, "timezone": zone}
    answer = admin.post("/admin/weather/place/add/", fields)
    assert answer.status_code == 200
    assert "timezone" in answer.context["adminform"].form.errors
    assert admin.post("/admin/weather/place/add/", {**fields, "timezone": "Europe/Paris"}).status_code == 302


@pytest.mark.parametrize("zone", ["Europe/Pariss", "Europe", "../../etc/passwd"])
def test_place_whose_row_has_a_wrong_zone_is_shown_in_utc(client, observed, zone):
    Place.objects.update(timezone=zone)
    page = client.get(observed.get_absolute_url())
    assert page.status_code == 200
    assert "Heures de UTC" in page.text
    for path in ("", "latest/", "forecast/", "history/?first=2026-11-01&last=2026-11-02&resolution=day"):
        assert client.get(f"/api/weather/places/{observed.pk}/{path}").status_code in (200, 400)
    assert summaries.store(2) >= 0
