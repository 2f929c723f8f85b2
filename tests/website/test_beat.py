import time

import pytest
from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from website import beat
from website.beat import Scheduler, Turn
from website.celery import QUEUES, app
from website.models import Heartbeat


@pytest.fixture
def turns(transactional_db):
    """A function that makes somebody who wants to be the beat."""
    made = []

    def make():
        made.append(Turn())
        return made[-1]

    yield make
    for turn in made:
        turn.close()


@pytest.fixture
def begin(transactional_db, tmp_path, monkeypatch):
    """A function that makes a beat of this process begin."""
    monkeypatch.setattr(beat, "ALIVE", tmp_path / "alive")
    made = []

    def make():
        made.append(Scheduler(app=app))
        assert made[-1].tick() >= 0
        return made[-1]

    yield make
    for scheduler in made:
        scheduler.close()


def test_second_beat_takes_over_when_the_first_ends(turns):
    first, second = turns(), turns()
    assert first.mine()
    assert first.mine()
    assert not second.mine()
    first.close()
    # PostgreSQL notices the end of a connection in its own time.
    deadline = time.monotonic() + 10
    while not second.mine():
        assert time.monotonic() < deadline
    assert not first.mine()


def test_beat_stops_when_its_connection_is_cut_and_resumes(turns, caplog):
    turn = turns()
    assert turn.mine()
    with turn._connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert not turn.mine()
    assert "Beat waits for the database" in caplog.text
    assert turn.mine()


def test_waiting_beat_sends_no_task(turns, begin, tmp_path):
    assert turns().mine()
    waiting = begin()
    assert not PeriodicTask.objects.exists()
    assert waiting.tick() == beat.PAUSE
    # It is alive all the same.
    assert (tmp_path / "alive").exists()


def test_starting_beat_asks_every_worker_for_a_heartbeat(begin):
    begin()
    assert {queue.name for queue in QUEUES} == set(Heartbeat.objects.values_list("queue", flat=True))


def test_schedule_starts_from_settings_and_stays_in_the_database(begin):
    begin().close()
    hourly = PeriodicTask.objects.get(name="fetch-weather")
    assert (hourly.task, hourly.crontab.minute, hourly.crontab.hour) == ("weather.fetch_all", "4", "*")
    assert str(hourly.crontab.timezone) == "Europe/Paris"
    heartbeat = PeriodicTask.objects.get(name="heartbeat-weather")
    assert (heartbeat.queue, heartbeat.expire_seconds, heartbeat.args) == ("weather", 60, '["weather"]')

    hourly.enabled = False
    hourly.save()
    heartbeat.interval = IntervalSchedule.objects.create(every=5, period="minutes")
    heartbeat.save()
    PeriodicTask.objects.filter(name="clean-weather").delete()
    begin()
    hourly.refresh_from_db()
    heartbeat.refresh_from_db()
    assert not hourly.enabled
    assert heartbeat.interval.every == 5
    assert PeriodicTask.objects.filter(name="clean-weather").exists()


def test_change_during_the_first_read_is_seen_at_the_next_tick(begin, monkeypatch):
    read = Scheduler.all_as_schedule

    def read_and_change(scheduler):
        found = read(scheduler)
        for task in PeriodicTask.objects.filter(name="fetch-weather", enabled=True):
            task.enabled = False
            task.save()
        return found

    monkeypatch.setattr(Scheduler, "all_as_schedule", read_and_change)
    scheduler = begin()
    scheduler.tick()
    assert "fetch-weather" not in scheduler.schedule


def test_due_task_is_sent(begin, monkeypatch):
    monkeypatch.setattr(Scheduler, "producer", None)  # there is no broker
    scheduler = begin()
    sent = []
    monkeypatch.setattr(scheduler, "apply_async", lambda entry, **options: sent.append(entry.task) or _Result())
    PeriodicTask.objects.all().delete()
    every_second = IntervalSchedule.objects.create(every=1, period="seconds")
    task = PeriodicTask.objects.create(name="now", task="website.heartbeat", interval=every_second)
    PeriodicTask.objects.update(last_run_at="2026-01-01T00:00Z")
    scheduler.tick()
    assert sent == ["website.heartbeat"]
    scheduler.sync()
    task.refresh_from_db()
    assert task.total_run_count == 1


class _Result:
    id = "1"
