from datetime import timedelta

import pytest
from celery.exceptions import Retry
from django.utils import timezone

from testbed.standins.open_meteo import Answer
from website.celery import DEAD, QUEUES, app
from website.weather import tasks
from website.weather.models import DailySummary, Observation, Place, Quarantined


class Asked:
    """Stands for the broker: notes what is asked for."""

    def __init__(self, monkeypatch):
        self.calls = []
        monkeypatch.setattr(
            tasks.fetch_place, "apply_async", lambda arguments, **options: self.calls.append(arguments[0])
        )


def test_due_places_get_one_task_each(make_place, monkeypatch):
    due = [make_place().pk for _number in range(3)]
    make_place(fetched_at=timezone.now())
    asked = Asked(monkeypatch)
    assert tasks.fetch_all() == 3
    assert asked.calls == due


def test_place_is_fetched_once_an_hour(make_place, upstream):
    place = make_place()
    assert tasks.fetch_place.delay(place.pk).get() > 0
    assert tasks.fetch_place.delay(place.pk).get() == 0
    assert len(upstream.asked) == 1


def test_a_place_that_has_gone_is_not_fetched(db, upstream):
    assert tasks.fetch_place.delay(404).get() == 0
    assert upstream.asked == []


@pytest.fixture
def as_worker(monkeypatch):
    """A function that runs the task as a worker does, at attempt *retries*; returns when it comes again."""

    def run(pk, retries=0):
        task = tasks.fetch_place
        task.push_request(retries=retries, is_eager=False, called_directly=False)
        monkeypatch.setattr(task, "retry", lambda exc, countdown: Retry(exc=exc, when=countdown))
        try:
            with pytest.raises(Retry) as caught:
                task.run(pk)
        finally:
            task.pop_request()
        return caught.value.when

    return run


@pytest.fixture
def impatient(monkeypatch):
    """Workers that ask once: what they do between two attempts is tested with the client."""
    monkeypatch.setattr(tasks.sources, "for_workers", tasks.sources.for_visitors)


def test_unreachable_upstream_is_retried_after_growing_pauses(make_place, upstream, as_worker, impatient):
    upstream.down = True
    place = make_place()
    for retries, (least, most) in enumerate([(15, 30), (30, 60), (60, 120), (120, 240), (240, 480)]):
        pauses = {as_worker(place.pk, retries) for _number in range(3)}
        assert all(least <= pause <= most for pause in pauses)
        assert len(pauses) == 3


def test_task_is_retried_after_the_rate_limit(make_place, upstream, as_worker, impatient):
    upstream.answers = [Answer(429, b'{"error":true,"reason":"Minutely API request limit exceeded."}')]
    assert as_worker(make_place().pk) >= 60


def test_rubbish_is_retried_and_old_data_stays(observed, upstream, as_worker, impatient, client):
    Place.objects.update(fetched_at=timezone.now() - timedelta(hours=2))
    upstream.answers = [Answer(200, b'{"hourly": "\xff"}')]
    as_worker(observed.pk)
    assert Quarantined.objects.count() == 1
    assert "10,0\u00a0°C" in client.get(f"/weather/{observed.pk}/").text


def test_task_without_a_broker_does_not_retry(make_place, caplog):
    assert tasks.fetch_place.delay(make_place().pk).get() == 0
    assert "No weather of Lyon" in caplog.text


def test_refused_request_is_not_repeated(make_place, upstream, as_worker, impatient):
    place = make_place(latitude=1000)
    task = tasks.fetch_place
    task.push_request(retries=0, is_eager=False, called_directly=False)
    try:
        with pytest.raises(tasks.Refused):
            task.run(place.pk)
    finally:
        task.pop_request()


def test_task_kinds_have_their_own_queues(settings):
    def queue(task):
        return app.amqp.router.route({}, task)["queue"].name

    assert queue("weather.fetch_place") == queue("weather.fetch_all") == "weather"
    assert queue("weather.summarise") == queue("weather.clean") == queue("celery.backend_cleanup") == "maintenance"
    assert queue("store.confirm_booking") == "celery"
    # Workers take from these; from the dead letters nobody does.
    assert DEAD.name not in {one.name for one in QUEUES}


def test_a_task_ends_before_its_worker_is_killed(settings):
    # docker-compose.live.yml and the server target grant 70 seconds.
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT < 70
    assert tasks.fetch_place.acks_late and tasks.fetch_place.reject_on_worker_lost
    assert not tasks.fetch_place.acks_on_failure_or_timeout


def test_nightly_work_is_done_by_tasks(observed, settings):
    assert tasks.summarise.delay().get() >= 1
    assert DailySummary.objects.exists()
    settings.WEATHER_KEPT_DAYS = 1
    Quarantined.objects.create(place=observed, reason="old", received_at=timezone.now() - timedelta(days=31))
    before = Observation.objects.count()
    midnight = (timezone.now() - timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    old = Observation.objects.filter(hour__lt=midnight).count()
    assert tasks.clean.delay().get() == old + 1
    assert Observation.objects.count() == before - old
    assert not Quarantined.objects.exists()
    assert tasks.clean.delay().get() == 0


def test_task_result_is_in_the_admin(admin, make_place, upstream):
    tasks.summarise.delay()
    tasks.clean.delay()
    text = admin.get("/admin/django_celery_results/taskresult/").text
    assert "weather.summarise" in text and "SUCCESS" in text
