"""Measure, print, and write into benchmarks/RESULTS.md: ``python -m benchmarks.site [--rows N] [--rounds N]``.

Needs DATABASE_URL of an empty PostgreSQL database (``./ecluse db --keep`` gives one): it is migrated, filled, and asked
through the whole of Django, middleware included, in this process. The first load is that of the built client
(``npm run build`` in frontend/), compressed as the static files are.
"""

from __future__ import annotations

import gzip
import os
import random
import statistics
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from benchmarks.results import machine, write_section

TOP = Path(__file__).resolve().parents[2]
CLIENT = TOP / "src" / "website" / "motos" / "static" / "motos" / "client"

LIMIT_MS = 30.0
LIMIT_BYTES = 150_000

QUERIES: dict[str, dict[str, Any]] = {
    "newest": {},
    "for sale": {"status": ["available", "reserved"]},
    "one brand, by price": {"brand": "brand-7", "ordering": "price_cents"},
    "price and year": {"price_min": 400_000, "price_max": 600_000, "year_min": 2015, "ordering": "-year"},
    "a common word": {"text": "comfortable"},
    "a rare word": {"text": "unicorn"},
    "two words and a brand": {"text": "red 650", "brand": "brand-3"},
    "a word that is not there": {"text": "zeppelin"},
    "two letters that are not there": {"text": "zq"},
    "all at once": {
        "brand": ["brand-1", "brand-2"],
        "status": "available",
        "price_max": 900_000,
        "year_min": 2010,
        "text": "red",
        "ordering": "mileage_km",
    },
    "the last pages": {"ordering": "created_at", "status": "sold"},
}


@click.command()
@click.option("--rows", default=100_000, show_default=True)
@click.option("--rounds", default=40, show_default=True)
def main(rows: int, rounds: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.travis")
    import django

    django.setup()
    _fill(rows)
    lines = ["## Motos", "", f"{machine()}; {rows} motorcycles, lists of 24, {rounds} times each.", ""]
    lines += ["| list | median | p95 |", "| --- | ---: | ---: |"]
    everything: list[float] = []
    for name, parameters in QUERIES.items():
        times = _measure(parameters, rounds)
        everything += times
        lines.append(f"| {name} | {statistics.median(times):.1f} ms | {_p95(times):.1f} ms |")
    p95 = _p95(everything)
    lines.append(
        f"| **all** (budget: p95 ≤ {LIMIT_MS:.0f} ms) | {statistics.median(everything):.1f} ms | {p95:.1f} ms |"
    )
    size = _first_load()
    if size:
        budget = f"budget of a first load: {LIMIT_BYTES // 1000} kB"
        lines += ["", f"The client, all of it: {size / 1000:.0f} kB of compressed JavaScript ({budget})."]
    write_section("site", "\n".join(lines))
    click.echo("\n".join(lines))
    if p95 > LIMIT_MS or size > LIMIT_BYTES:
        raise SystemExit(1)


def _fill(rows: int) -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from website.motos.models import Brand, Model, Motorcycle, Status

    call_command("migrate", verbosity=0)
    if Motorcycle.objects.count() == rows:
        return
    dice = random.Random(24)
    brands = Brand.objects.bulk_create(Brand(name=f"Brand {n}", slug=f"brand-{n}") for n in range(30))
    models = Model.objects.bulk_create(
        Model(brand=dice.choice(brands), name=f"{n} {dice.choice('XRS')}") for n in range(600)
    )
    colours = ("red", "black", "blue", "green", "white", "grey", "orange")
    words = ("comfortable", "sporty", "serviced", "garage", "first owner", "luggage", "tuned", "classic", "touring")
    now = timezone.now()

    def make(number: int) -> Motorcycle:
        motorcycle = Motorcycle(
            model=dice.choice(models),
            year=dice.randint(1970, 2026),
            price_cents=dice.randint(80_000, 2_500_000),
            mileage_km=dice.randint(0, 150_000),
            engine_cc=dice.choice((125, 300, 500, 650, 900, 1200)),
            power_kw=dice.randint(8, 150),
            colour=dice.choice(colours),
            description=f"{' '.join(dice.sample(words, 5))} {dice.choice((650, 900))}"
            + (" unicorn" if number % 10_000 == 0 else ""),
            status=dice.choices(Status.values, (80, 5, 15))[0],
            created_at=now - timedelta(minutes=dice.randint(0, 2_000_000)),
        )
        motorcycle.search = motorcycle.words()
        return motorcycle

    Motorcycle.objects.bulk_create(map(make, range(rows)), batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _measure(parameters: dict[str, Any], rounds: int) -> list[float]:
    """Milliseconds, of page after page until there is none; then from the first again."""
    from django.test import Client

    client = Client()
    times: list[float] = []
    cursor: str | None = None
    for number in range(rounds + 2):
        asked = {**parameters, **({"cursor": cursor} if cursor else {})}
        began = time.perf_counter()
        answer = client.get("/api/motos/motorcycles/", asked)
        took = (time.perf_counter() - began) * 1000
        assert answer.status_code == 200, answer.content
        cursor = answer.json()["next"]
        if number >= 2:  # the first ones load code, and plans
            times.append(took)
    return times


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _first_load() -> int:
    """Bytes of compressed JavaScript: all of the client, lazy parts too, so no look loads more."""
    if not (CLIENT / "index.html").is_file():
        return 0
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in CLIENT.glob("*.js"))


if __name__ == "__main__":
    main()
