"""Fetching without a worker: for a machine without a broker (cron), and for a first look."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from website.weather import fetching, sources
from website.weather.models import Place
from website.weather.upstream import UpstreamError


class Command(BaseCommand):
    help = "Fetch the weather of every place that has none of this hour, here and now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=4, help="How many at a time (%(default)s).")

    def handle(self, *args: Any, concurrency: int, **options: Any) -> None:
        if concurrency < 1:
            raise CommandError("--concurrency must be at least 1")
        places = list(fetching.due())
        with ThreadPoolExecutor(concurrency) as executor:
            done = list(executor.map(self._fetch, places))
        self.stdout.write(f"{done.count(True)} of {len(places)} places fetched.")
        if places and not any(done):
            raise CommandError("no weather for any place")

    def _fetch(self, place: Place) -> bool:
        try:
            fetching.fetch(place, sources.for_workers())
        except UpstreamError as error:
            self.stderr.write(f"{place}: {error}")
            return False
        finally:
            # Of this thread alone.
            close_old_connections()
        return True
