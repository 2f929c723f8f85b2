"""Rebuild the copies of uploads in MongoDB and Redis from PostgreSQL, while the site runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from website.uploads import projections
from website.uploads.models import Media, State
from website.uploads.projections import PROJECTIONS, Projection, ProjectionUnavailable

T = TypeVar("T")

BATCH = 500


class Command(BaseCommand):
    help = "Writes every upload to MongoDB and Redis anew, and removes there what is no upload any more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PROJECTIONS)}; all, where none is")

    def handle(self, *args: Any, names: list[str], **options: Any) -> None:
        configured = projections.configured()
        for name in names:
            if name not in configured:
                setting = PROJECTIONS[name].setting if name in PROJECTIONS else None
                raise CommandError(f"{name}: {f'{setting} is not set' if setting else 'not a projection'}")
        if not configured:
            raise CommandError("nothing to rebuild: neither MONGODB_URL nor REDIS_URL is set")
        for name in names or configured:
            try:
                written, removed = self._rebuild(projections.get(name), PROJECTIONS[name].column)
            except ProjectionUnavailable as error:
                raise CommandError(f"{name} is left as far as it was rebuilt: {error}") from None
            self.stdout.write(f"{name}: {written} uploads written, {removed} removed that are none")

    def _rebuild(self, projection: Projection, column: str) -> tuple[int, int]:
        written = removed = 0
        stored = Media.objects.stored().order_by("pk").values_list("pk", flat=True)
        for keys in _batches(stored.iterator(chunk_size=BATCH)):
            with transaction.atomic():
                # Held, so that none is deleted meanwhile and written afterwards.
                medias = list(Media.objects.select_for_update(of=("self",)).filter(pk__in=keys, state=State.STORED))
                projection.write(medias)
                Media.objects.filter(pk__in=[media.pk for media in medias]).update(**{column: timezone.now()})
            written += len(medias)
        for keys in _batches(projection.keys()):
            known = set(Media.objects.filter(pk__in=keys).values_list("pk", flat=True))
            gone = [key for key in keys if key not in known]
            projection.remove(gone)
            removed += len(gone)
        return written, removed


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
