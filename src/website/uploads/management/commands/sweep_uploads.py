"""Clean up after failures: uploads that never ended, and files without a row."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from website.uploads import sweep
from website.uploads.storage import StorageError


class Command(BaseCommand):
    help = "Deletes uploads that never ended and files that no row knows; tells MongoDB and Redis what they missed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="name the files that no row knows, and change nothing"
        )

    def handle(self, *args: Any, dry_run: bool = False, **options: Any) -> None:
        try:
            unknown = sweep.orphans(delete=not dry_run)
        except StorageError as error:
            raise CommandError(f"the storage cannot be swept: {error}") from None
        for entry in unknown:
            self.stdout.write(f"{'would delete' if dry_run else 'deleted'} {entry.name} of {entry.created_at:%Y-%m-%d}")
        asked = 0 if dry_run else sweep.rows()
        self.stdout.write(f"{len(unknown)} files that no row knows; {asked} uploads are seen to again")
