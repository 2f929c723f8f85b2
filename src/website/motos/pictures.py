"""The pictures of a motorcycle: their files, their number and their order."""

from __future__ import annotations

from django.core.files.base import File
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from website import pictures
from website.motos.models import Motorcycle, Picture
from website.pictures import Refused, Rendition

__all__ = ["MOST_PICTURES", "Refused", "Rendition", "add", "delete_files_with_rows", "move", "prepare", "store"]

MOST_PICTURES = 20
"""The most pictures of one motorcycle."""
THUMBNAIL_SIZE = (640, 480)


def prepare(upload: File[bytes]) -> Rendition:
    """The picture in *upload* in the two sizes that are stored. Raises Refused."""
    return pictures.prepare(upload, THUMBNAIL_SIZE)


def add(motorcycle: Motorcycle, rendition: Rendition, alternative_text: str) -> Picture:
    """Store *rendition* as the last picture of *motorcycle*. Raises Refused where that has as many as it may."""
    with transaction.atomic():
        # Two at once take their turns, and so get two positions.
        Motorcycle.objects.select_for_update().get(pk=motorcycle.pk)
        last = motorcycle.pictures.aggregate(last=Max("position"))["last"]
        position = 0 if last is None else last + 1
        if motorcycle.pictures.count() >= MOST_PICTURES:
            raise Refused(_("Une moto a au plus 20 photos."), "too_many")
        picture = Picture(motorcycle=motorcycle, alternative_text=alternative_text, position=position)
        store(picture, rendition)
        picture.save()
    return picture


def store(picture: Picture, rendition: Rendition) -> None:
    """Write the files of *picture*, which is not saved. The files that it had go once the change is certain."""
    picture.width, picture.height = rendition.width, rendition.height
    pictures.store(picture.image, picture.thumbnail, rendition, "motos")


def move(picture: Picture, position: int) -> None:
    """Put *picture* at *position* among those of its motorcycle; the others make room, and there are no gaps."""
    with transaction.atomic():
        Motorcycle.objects.select_for_update().get(pk=picture.motorcycle_id)
        others = list(Picture.objects.filter(motorcycle=picture.motorcycle_id).exclude(pk=picture.pk))
        others.insert(position, picture)
        for index, other in enumerate(others):
            other.position = index
        Picture.objects.bulk_update(others, ["position"])


def delete_files_with_rows() -> None:
    """From now on the files of a picture go with its row, also by cascade."""
    pictures.delete_files_with_rows(Picture, "image", "thumbnail")
