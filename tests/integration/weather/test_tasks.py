"""Tasks survive the loss of workers, brokers and connections: each takes effect once."""

from __future__ import annotations

import signal
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from testbed.containers import await_
from testbed.standins.open_meteo import Answer
from website.weather.models import Observation, Place

pytestmark = [pytest.mark.slow, pytest.mark.engine]


def make_places(count: int) -> list[Place]:
    return Place.objects.bulk_create(
        Place(geonames_id=number + 1, name=f"Lieu {number}", latitude=number / 10, longitude=4, timezone="Europe/Paris")
        for number in range(count)
    )


def fetched() -> int:
    return Place.objects.exclude(fetched_at=None).count()


def stored_once() -> bool:
    """Whether every place has each of the same hours, once."""
    hours = Counter(Observation.objects.values_list("place_id", flat=True))
    return len(hours) == Place.objects.count() and len(set(hours.values())) == 1


def test_a_broker_restarted_in_the_middle_loses_no_place(broker, processes, upstream, send):
    make_places(40)
    upstream.latency = 0.25
    worker = processes.worker()
    send("weather.fetch_all", [], queue="weather")
    await_(lambda: fetched() >= 4, "the first places", 60)
    broker.restart()
    await_(lambda: fetched() == 40, "all places", 300)
    assert worker.poll() is None
    assert stored_once()


def test_task_of_a_killed_worker_is_done_once_by_another(broker, processes, upstream, send):
    make_places(3)
    upstream.answers = [Answer(200, b"{}", pause=60)]
    first = processes.worker(concurrency=1)
    send("weather.fetch_place", *([place.pk] for place in Place.objects.all()), queue="weather")
    await_(lambda: upstream.at_once == 1, "the first task under way", 60)
    processes.kill(first)
    processes.worker(concurrency=1)
    await_(lambda: fetched() == 3, "all places", 60)
    assert stored_once()
    assert sorted(upstream.count().values()) == [1, 1, 2], "only what was under way is asked for again"
    await_(lambda: broker.waiting("weather") == 0, "an empty queue")


def test_task_delivered_twice_takes_effect_once(broker, processes, upstream, send):
    make_places(10)
    upstream.latency = 0.05
    send("weather.fetch_place", *([place.pk] for place in Place.objects.all() for _ in range(5)), queue="weather")
    processes.worker(concurrency=2)
    await_(lambda: fetched() == 10 and broker.waiting("weather") == 0, "all places", 60)
    processes.close()  # each finishes what it has
    assert stored_once()
    # Two at the same time may both ask; the others find it done.
    assert max(upstream.count().values()) <= 2


def test_cut_database_connection_of_a_worker_fails_no_task(broker, processes, send):
    places = iter(make_places(3))
    processes.worker(concurrency=1)

    def fetch_next():
        before = fetched()
        send("weather.fetch_place", [next(places).pk], queue="weather")
        await_(lambda: fetched() == before + 1, "the place", 60)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
            return {pid for (pid,) in cursor}

    kept = fetch_next()
    assert len(kept) == 1 and fetch_next() == kept
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [*kept])
    assert fetch_next() != kept
    assert broker.waiting("dead") == 0


def test_task_that_fails_every_retry_is_kept_as_dead(broker, processes, upstream, send):
    from django_celery_results.models import TaskResult

    [place] = make_places(1)
    Place.objects.update(latitude=1000)  # which the upstream refuses
    processes.worker(concurrency=1)
    send("weather.fetch_place", [place.pk], queue="weather")
    await_(lambda: broker.waiting("dead") == 1, "a dead letter", 60)
    assert broker.waiting("weather") == 0
    await_(lambda: TaskResult.objects.filter(status="FAILURE").exists(), "the failure in the admin")
    result = TaskResult.objects.get(status="FAILURE")
    assert result.task_name == "weather.fetch_place"
    assert "Latitude must be in range" in result.traceback
    place.refresh_from_db()
    assert "Latitude must be in range" in place.failure


def test_second_beat_takes_over_when_the_first_is_killed(broker, processes):
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    from website.models import Heartbeat

    processes.worker(concurrency=1)
    first = processes.beat()
    await_(lambda: PeriodicTask.objects.count() == len(settings.CELERY_BEAT_SCHEDULE), "the schedule", 60)
    PeriodicTask.objects.all().delete()
    second = IntervalSchedule.objects.create(every=1, period="seconds")
    PeriodicTask.objects.create(
        name="now", task="website.heartbeat", args='["weather"]', queue="weather", interval=second
    )

    def runs():
        return PeriodicTask.objects.get(name="now").total_run_count

    await_(lambda: runs() > 0, "a heartbeat", 60)
    processes.beat()
    began, before = timezone.now(), runs()
    await_(lambda: runs() >= before + 4, "four more", 60)
    sent, seconds = processes.log.count("Sending due task now"), (timezone.now() - began).total_seconds()
    assert runs() - before <= seconds + 1, "twice as many as one beat sends"
    assert sent
    processes.kill(first)
    await_(lambda: processes.log.count("This beat sends what is due from now on") == 2, "the other beat's turn", 60)
    since = timezone.now()
    heard = Heartbeat.objects.filter(queue="weather", beaten_at__gt=since)
    await_(heard.exists, "a heartbeat of the other beat", 60)


@pytest.mark.exhaustive
def test_task_of_a_killed_child_process_is_redone(processes, upstream, send):
    import subprocess

    make_places(1)
    upstream.answers = [Answer(200, b"{}", pause=60)]
    worker = processes.worker(concurrency=1)
    send("weather.fetch_place", [Place.objects.get().pk], queue="weather")
    await_(lambda: upstream.at_once == 1, "the task under way", 60)
    children = subprocess.run(
        ["pgrep", "-P", str(worker.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    subprocess.run(["kill", f"-{signal.SIGKILL.value}", *children], check=True)
    await_(lambda: fetched() == 1, "the place", 90)
    assert stored_once()
