"""The demonstration data, for a site that has just been made."""

from typing import Any

from django.core.management import BaseCommand, call_command

from website.motos import demonstration
from website.store.models import Album
from website.weather import sample

FIXTURE = "store"


class Command(BaseCommand):
    help = "Fill what is empty with the demonstration: the shop with albums, the shop window with motorcycles, places."

    def handle(self, *args: Any, **options: Any) -> None:
        if Album.objects.exists():
            self.stdout.write("The shop has albums already: nothing loaded.")
        else:
            call_command("loaddata", FIXTURE, verbosity=0)
            self.stdout.write(f"{Album.objects.count()} albums loaded.")
        motorcycles = demonstration.load()
        self.stdout.write(f"{motorcycles} motorcycles loaded." if motorcycles else "There are motorcycles already.")
        places = sample.load()
        self.stdout.write(f"{places} places with their weather loaded." if places else "There are places already.")
