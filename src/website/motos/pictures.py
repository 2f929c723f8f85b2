"""Pictures that people upload: decoded, not believed, and written anew, so that nothing of the file itself is kept.

What is stored is WebP that Pillow has written: no EXIF (with its places and names), no profile, no second file behind
the picture; under a name that is random.
"""

from __future__ import annotations

import io
import secrets
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import Max
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _

from website.motos.models import Motorcycle, Picture

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

__all__ = ["LARGEST_FILE", "Refused", "Rendition", "add", "delete_files_with_rows", "move", "prepare", "store"]

FORMATS = ("JPEG", "PNG", "WEBP")
LARGEST_FILE = 10 * 1024 * 1024
"""In bytes."""
MOST_PIXELS = 40_000_000
"""40 megapixels are 120 MB when decoded: the most that one request may take."""
SMALLEST_SIDE = 64
MOST_PICTURES = 20
"""Of one motorcycle."""
IMAGE_BOX = (1600, 1600)
THUMBNAIL_SIZE = (640, 480)
QUALITY = 80

# What Pillow's decoders raise for bytes that are not what they seem.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, struct.error)


class Refused(Exception):
    """The file is not stored. *code* is for programs; *reason*, in the request's language, for people."""

    def __init__(self, reason: StrPromise, code: str) -> None:
        super().__init__(reason, code)
        self.reason = str(reason)
        self.code = code


@dataclass(frozen=True)
class Rendition:
    """An upload as it will be stored: two WebP files. *width* and *height*, in pixels, are the image's."""

    image: bytes
    width: int
    height: int
    thumbnail: bytes


def prepare(upload: File[bytes]) -> Rendition:
    """The picture in *upload*, upright, without its metadata, in two sizes. Raises Refused, and says why."""
    # Pillow takes a while to load: only a process that is sent a picture needs it.
    from PIL import Image, ImageOps

    if upload.size > LARGEST_FILE:
        raise Refused(_("Le fichier dépasse 10 Mo."), "too_large")
    try:
        with Image.open(upload, formats=FORMATS) as opened:
            # The header alone is read so far: a bomb is refused before it is unpacked.
            if opened.width * opened.height > MOST_PIXELS:
                raise Refused(_("L'image a plus de 40 millions de pixels."), "too_many_pixels")
            if min(opened.size) < SMALLEST_SIDE:
                raise Refused(_("L'image fait moins de 64 pixels de côté."), "too_small")
            # A JPEG can be decoded at a fraction of its size.
            opened.draft("RGB", IMAGE_BOX)
            picture = ImageOps.exif_transpose(opened)
            if picture.has_transparency_data:
                ground = Image.new("RGBA", picture.size, "white")
                picture = Image.alpha_composite(ground, picture.convert("RGBA"))
            picture = picture.convert("RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(_("L'image a plus de 40 millions de pixels."), "too_many_pixels") from None
    except BROKEN:
        raise Refused(_("Ce n'est pas une image JPEG, PNG ou WebP lisible."), "not_an_image") from None
    picture.info.clear()
    picture.thumbnail(IMAGE_BOX, Image.Resampling.LANCZOS, reducing_gap=2.0)
    thumbnail = ImageOps.fit(picture, THUMBNAIL_SIZE, Image.Resampling.LANCZOS)
    return Rendition(_webp(picture), *picture.size, _webp(thumbnail))


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
    """Write the files of *picture*, which is not saved. Those that it had go once the change is certain."""
    before = _files(picture)
    transaction.on_commit(lambda: _delete(before))
    picture.width, picture.height = rendition.width, rendition.height
    name = f"motos/{secrets.token_hex(12)}"
    picture.image.save(f"{name}.webp", ContentFile(rendition.image), save=False)
    picture.thumbnail.save(f"{name}-thumbnail.webp", ContentFile(rendition.thumbnail), save=False)


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
    """From now on, where a picture's row goes, also by cascade, its files go once that is certain."""

    def forget(sender: type[Picture], instance: Picture, **kwargs: Any) -> None:
        files = _files(instance)
        transaction.on_commit(lambda: _delete(files))

    post_delete.connect(forget, sender=Picture, weak=False, dispatch_uid="website.motos.pictures")


def _files(picture: Picture) -> list[tuple[Storage, str]]:
    return [(file.storage, file.name) for file in (picture.image, picture.thumbnail) if file.name]


def _delete(files: list[tuple[Storage, str]]) -> None:
    for storage, name in files:
        storage.delete(name)


def _webp(picture: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY, method=4)
    return buffer.getvalue()
