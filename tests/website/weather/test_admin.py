import pytest

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
