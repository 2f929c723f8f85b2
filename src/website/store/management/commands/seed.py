"""The demonstration shop, for a site that has just been made."""

from typing import Any

from django.core.management import BaseCommand, call_command

from website.store.models import Album

FIXTURE = "store"


class Command(BaseCommand):
    help = "Fill an empty shop with the demonstration albums. A shop that has an album is left as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        if Album.objects.exists():
            self.stdout.write("The shop has albums already: nothing loaded.")
            return
        call_command("loaddata", FIXTURE, verbosity=0)
        self.stdout.write(f"{Album.objects.count()} albums loaded.")
