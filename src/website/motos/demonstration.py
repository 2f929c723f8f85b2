"""The demonstration shop window: 40 motorcycles, with pictures that are drawn for them."""

from __future__ import annotations

from django.core.files.base import File
from django.core.management import call_command
from django.db import transaction

from website.motos import pictures
from website.motos.drawings import VIEWS, draw
from website.motos.models import Motorcycle

__all__ = ["load"]

# A drawing takes a tenth of a second: the newest, which the first page shows, have all views, the others one.
WITH_ALL_VIEWS = 12


def load() -> int:
    """Fill an empty shop window, and return how many motorcycles it then has; 0 where it has some already."""
    if Motorcycle.objects.exists():
        return 0
    with transaction.atomic():
        call_command("loaddata", "motos", verbosity=0)
        motorcycles = list(Motorcycle.objects.select_related("model__brand"))
        for place, motorcycle in enumerate(motorcycles):
            for view in VIEWS if place < WITH_ALL_VIEWS else VIEWS[:1]:
                rendition = pictures.prepare(File(draw(motorcycle, view), "drawing.png"))
                pictures.add(motorcycle, rendition, f"{motorcycle.model}, {motorcycle.colour} : {view.name}")
    return len(motorcycles)
