"""The weather's speed: ``python -m benchmarks.site.weather [--rows N] [--places N] [--only PART]``.

Needs DATABASE_URL of an empty PostgreSQL database and, to fetch, a Docker engine for a RabbitMQ. The upstream is a
server on this machine which takes LATENCY for each answer; workers are processes of their own.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click

from benchmarks.results import machine, write_section
from testbed import rabbitmq
from testbed.standins import open_meteo

TOP = Path(__file__).resolve().parents[2]
PARTS = ("insert", "history", "fetch")

LATENCY, CONCURRENCY = 0.05, 4
MOST_OVER_UPSTREAM = 1.3
LEAST_PER_SECOND = 20_000
MOST_MS = 30.0
HOURS = 365 * 24


@click.command()
@click.option("--rows", default=10_000_000, show_default=True, help="Observations in the table.")
@click.option("--places", default=10_000, show_default=True, help="Places fetched in one run.")
@click.option("--rounds", default=300, show_default=True)
@click.option(
    "--only", type=click.Choice((*PARTS, "fill")), multiple=True, help="Some parts; the section is not written."
)
def main(rows: int, places: int, rounds: int, only: tuple[str, ...]) -> None:
    if only and "fetch" not in only:
        return measure(rows, places, rounds, only)
    with rabbitmq.running() as broker:
        os.environ["CELERY_BROKER_URL"] = broker.url
        measure(rows, places, rounds, only)


def measure(rows: int, places: int, rounds: int, only: tuple[str, ...]) -> None:
    """The settings are read here, when the broker's address is known."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.local")
    os.environ.setdefault("DJANGO_DEBUG", "false")
    import django

    django.setup()
    parts = only or PARTS
    lines = ["## Weather", "", f"{machine()}.", "", "| | measured | budget | |", "| --- | ---: | ---: | --- |"]
    kept = []

    def line(what: str, measured: str, budget: str, good: bool) -> None:
        kept.append(good)
        lines.append(f"| {what} | {measured} | {budget} | {'kept' if good else 'missed'} |")
        click.echo(lines[-1])

    _fill(rows)
    if "history" in parts:
        from website.weather.models import Observation

        p95, median = _history(rounds)
        count = f"{Observation.objects.count():,}".replace(",", " ")
        line(f"a year by day of one place, over {count} observations: p95 (median {median:.1f} ms)",
             f"{p95:.1f} ms", f"≤ {MOST_MS:.0f} ms", p95 <= MOST_MS)  # fmt: skip
        slow95, slow = _from_hours(rounds // 5)
        lines.append(
            f"| the same made of its 8 760 hours, without summaries: p95 (median {slow:.1f} ms) | {slow95:.1f} ms | | |"
        )
        click.echo(lines[-1])
    if "insert" in parts:
        speed = _insert()
        line(
            "observations inserted, a second",
            f"{speed:,.0f}".replace(",", " "),
            f"≥ {LEAST_PER_SECOND}",
            speed >= LEAST_PER_SECOND,
        )
    if "fetch" in parts:
        took, upstream = _fetch(places)
        ratio = took / upstream
        what = f"{places} places fetched in one run, {CONCURRENCY} at a time of {LATENCY * 1000:.0f} ms each"
        budget = f"≤ {MOST_OVER_UPSTREAM} × {upstream:.0f} s"
        line(what, f"{took:.0f} s = {ratio:.2f} ×", budget, ratio <= MOST_OVER_UPSTREAM)
    if not only:
        write_section("weather", "\n".join(lines))
    if not all(kept):
        raise SystemExit(1)


def _fill(rows: int) -> None:
    """*rows* observations of a year, in the order in which they arrive: hour by hour, of all places."""
    from django.core.management import call_command
    from django.db import connection

    from website.weather.models import Observation, Place

    call_command("migrate", verbosity=0)
    if Observation.objects.exists():
        return
    places = -(-rows // HOURS)
    _places(places, 1)
    end = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    click.echo(f"filling with {rows} observations of {places} places…")
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(
            """
            INSERT INTO weather_observation
                (place_id, hour, temperature, humidity, precipitation, wind_speed, weather_code, sample)
            SELECT place.id, hour, 10 + 8 * sin(extract(epoch FROM hour) / 43200 * 3.14), 60, 0.1, 12, 3, false
            FROM generate_series(%s::timestamptz, %s, '1 hour') AS hour, weather_place AS place
            LIMIT %s
            """,
            [end - timedelta(hours=HOURS - 1), end, rows],
        )
        cursor.execute("""
            INSERT INTO weather_dailysummary (place_id, day, temperature_min, temperature_mean, temperature_max,
                precipitation, wind_speed_max, weather_code, hours, sample)
            SELECT place_id, (hour AT TIME ZONE 'Europe/Paris')::date AS day, min(temperature), avg(temperature),
                max(temperature), sum(precipitation), max(wind_speed), max(weather_code), count(*), false
            FROM weather_observation GROUP BY 1, 2 HAVING (min(hour) AT TIME ZONE 'Europe/Paris')::date < current_date
            ORDER BY 2, 1
            """)
        cursor.execute("VACUUM ANALYZE")
    assert Place.objects.count() == places
    Place.objects.update(fetched_at=end)


def _places(count: int, first: int) -> list[Any]:
    from website.weather.models import Place

    return Place.objects.bulk_create(
        Place(
            geonames_id=number,
            name=f"Lieu {number}",
            latitude=round(number % 17000 / 100 - 85, 2),
            longitude=round(number % 360 - 180, 2),
            timezone="Europe/Paris",
        )
        for number in range(first, first + count)
    )


def _history(rounds: int) -> tuple[float, float]:
    """p95 and median, in ms, of the API's answers: each of another place, so that none comes from the cache."""
    from django.test import Client

    from website.weather.models import Place

    client, times = Client(headers={"host": "localhost"}), []
    keys = list(Place.objects.filter(geonames_id__lt=1_000_000).values_list("pk", flat=True))
    random.Random(5).shuffle(keys)
    year = {"resolution": "day", "first": (datetime.now() - timedelta(days=364)).date().isoformat()}
    for number, key in enumerate(keys[: rounds + 5]):
        began = time.perf_counter()
        answer = client.get(f"/api/weather/places/{key}/history/", year)
        took = (time.perf_counter() - began) * 1000
        assert answer.status_code == 200 and len(answer.json()["days"]) >= 363, answer.content[:300]
        if number >= 5:  # the first ones load code, and plans
            times.append(took)
    return statistics.quantiles(times, n=20)[-1], statistics.median(times)


def _from_hours(rounds: int) -> tuple[float, float]:
    from website.weather import summaries
    from website.weather.models import Place

    places = list(Place.objects.filter(geonames_id__lt=1_000_000).order_by("-pk")[:rounds])
    today, times = summaries.today("Europe/Paris"), []
    for place in places:
        began = time.perf_counter()
        assert summaries.of_places([place], today - timedelta(days=364), today)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.quantiles(times, n=20)[-1], statistics.median(times)


def _insert(rows: int = 100_000) -> float:
    """The number of observations inserted each second into the full table, in parts of a day's as a fetch brings
    them.
    """
    from django.db import transaction

    from website.weather import fetching
    from website.weather.models import Observation, Place
    from website.weather.upstream import Hour

    places = list(Place.objects.filter(geonames_id__lt=1_000_000).values_list("pk", flat=True)[: rows // 500])
    start = datetime(2020, 1, 1, tzinfo=timezone.utc)
    began = time.perf_counter()
    with transaction.atomic():
        fetching.insert(
            (place, Hour(start + timedelta(hours=number), 7.5, 70, 0.2, 11.5, 61))
            for number in range(500)
            for place in places
        )
    took = time.perf_counter() - began
    count = Observation.objects.filter(hour__gte=start, hour__lt=start + timedelta(hours=500)).delete()[0]
    return count / took


def _fetch(count: int) -> tuple[float, float]:
    """Seconds from asking for all places to the last one stored, and those that the upstream alone takes for them."""
    from website.weather.models import Place
    from website.weather.tasks import fetch_all

    Place.objects.filter(geonames_id__gte=1_000_000).delete()
    _places(count, 1_000_000)
    # As in any hour but the first.
    hour_ago = datetime.now(timezone.utc) - timedelta(hours=1)
    Place.objects.filter(geonames_id__gte=1_000_000).update(fetched_at=hour_ago)
    with open_meteo.running() as upstream:
        upstream.latency = LATENCY
        environ = {
            **os.environ,
            "PYTHONPATH": f"{TOP / 'src'}:{TOP}",
            "OPEN_METEO_URL": upstream.url,
            "OPEN_METEO_PER_MINUTE": "0",
        }
        argv = [sys.executable, "-m", "celery", "--app", "website", "worker", "--concurrency", str(CONCURRENCY)]
        worker = subprocess.Popen([*argv, "--loglevel", "WARNING"], env=environ, cwd=TOP)
        try:
            time.sleep(15)  # it starts, which is not measured
            began = time.perf_counter()
            fetch_all.delay()
            waiting = Place.objects.filter(geonames_id__gte=1_000_000, fetched_at=hour_ago)
            while waiting.exists():
                time.sleep(0.2)
            return time.perf_counter() - began, count * LATENCY / CONCURRENCY
        finally:
            worker.terminate()
            worker.wait()


if __name__ == "__main__":
    main()
