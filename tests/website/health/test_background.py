from datetime import timedelta

import pytest
from django.utils import timezone

from website.health import background
from website.health.background import Broker, Workers
from website.models import Heartbeat
from website.tasks import heartbeat
from website.weather.health import Freshness
from website.weather.models import Observation, Place

QUEUES = ("celery", "weather", "maintenance")


def outcome(check):
    """The failure as the log says it; empty if there is none."""
    try:
        check.run()
    except Exception as error:
        return str(error)
    return ""


def test_background_checks_exist_only_with_a_broker(settings):
    assert background.checks() == {}
    settings.CELERY_BROKER_URL = "amqp://rabbitmq"
    assert list(background.checks()) == ["broker", "workers"]


def test_unreachable_broker_is_reported(monkeypatch):
    from website.celery import app

    monkeypatch.setattr(app.conf, "broker_url", "amqp://127.0.0.1:1/")
    assert "the broker does not answer" in outcome(Broker())


def test_queue_without_recent_heartbeat_is_unhealthy(db):
    assert "no worker took from celery, weather, maintenance" in outcome(Workers())
    for queue in QUEUES:
        heartbeat.delay(queue)
        heartbeat.delay(queue)
    assert outcome(Workers()) == ""
    Heartbeat.objects.filter(queue="weather").update(beaten_at=timezone.now() - timedelta(minutes=4))
    assert "no worker took from weather within" in outcome(Workers())


@pytest.mark.parametrize(("age", "said"), [(None, "no observation"), (1, ""), (4, "the newest observation is 4 h old")])
def test_weather_must_be_fresh_where_there_are_places(db, age, said):
    assert outcome(Freshness()) == ""
    place = Place.objects.create(geonames_id=1, name="Lyon", latitude=45, longitude=4, timezone="Europe/Paris")
    now = timezone.now()
    observation = {"humidity": 50, "precipitation": 0, "wind_speed": 5, "weather_code": 0, "temperature": 5}
    # What is invented says nothing.
    Observation.objects.create(place=place, hour=now, sample=True, **observation)
    if age is not None:
        Observation.objects.create(place=place, hour=now - timedelta(hours=age), **observation)
    assert said in outcome(Freshness())
    assert bool(outcome(Freshness())) == bool(said)
