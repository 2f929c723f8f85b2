"""Pictures that people upload: decoded, not believed, and written anew, so that nothing of the file itself is kept.

What is stored is WebP that Pillow has written: no EXIF (with its places and names), no profile, no second file behind
the picture; under a random name, with a thumbnail.
"""

from __future__ import annotations

import io
import secrets
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile, File
from django.db import models, transaction
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

__all__ = ["LARGEST_FILE", "Refused", "Rendition", "clear", "delete_files_with_rows", "prepare", "store"]

FORMATS = ("JPEG", "PNG", "WEBP")
LARGEST_FILE = 10 * 1024 * 1024
"""In bytes."""
# Of pixels, so that no upload costs more than 250 MB of memory. Decoders need 4 bytes for a pixel; that of WebP several
# times as much; that of a JPEG little, unless it is progressive: then the whole file is unpacked before the first line.
MOST_PIXELS = {"JPEG": 40_000_000, "PNG": 40_000_000, "WEBP": 10_000_000}
MOST_PIXELS_PROGRESSIVE = 20_000_000
SMALLEST_SIDE = 64
IMAGE_BOX = (1600, 1600)
QUALITY = 80
# Lines that are turned into colours at a time: not the whole picture once more.
STRIP = 128
# A picture is reduced by whole numbers to no less than so many times its final size, which keeps it sharp.
GAP = 1.5

ORIENTATION = 0x0112

# What Pillow's decoders raise for bytes that are not what they seem.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, struct.error)


class Refused(Exception):
    """The file is not stored. *code* is for programs; *reason*, in the request's language, for people."""

    def __init__(self, reason: StrPromise | str, code: str) -> None:
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


def prepare(upload: File[bytes], thumbnail_size: tuple[int, int]) -> Rendition:
    """The picture in *upload*, upright, without its metadata, in two sizes. Raises Refused, and says why.

    The thumbnail has *thumbnail_size* (width, height, in pixels): what does not fit is cut off at the edges.
    """
    # Pillow takes a while to load: only a process that is sent a picture needs it.
    from PIL import Image, ImageOps

    if upload.size > LARGEST_FILE:
        raise Refused(_("Le fichier dépasse 10 Mio."), "too_large")
    try:
        with Image.open(upload, formats=FORMATS) as opened:
            # The header alone is read so far: a bomb is refused before it is unpacked.
            _within_limits(opened)
            # A JPEG can be decoded at a fraction of its size.
            opened.draft("RGB", IMAGE_BOX)
            picture, orientation = _reduced(opened), opened.getexif().get(ORIENTATION, 1)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many(MOST_PIXELS["JPEG"]) from None
    except BROKEN:
        raise Refused(_("Ce n’est pas une image JPEG, PNG ou WebP lisible."), "not_an_image") from None
    picture.thumbnail(IMAGE_BOX, Image.Resampling.LANCZOS)
    picture.getexif()[ORIENTATION] = orientation
    picture = ImageOps.exif_transpose(picture)
    picture.info.clear()
    thumbnail = ImageOps.fit(picture, thumbnail_size, Image.Resampling.LANCZOS)
    return Rendition(_webp(picture), *picture.size, _webp(thumbnail))


def store(image: FieldFile, thumbnail: FieldFile, rendition: Rendition, folder: str) -> None:
    """Write *rendition* to *image* and *thumbnail*, fields of a row that is saved next.

    The files of before are deleted once the change is certain.
    """
    clear(image, thumbnail)
    name = f"{folder}/{secrets.token_hex(12)}"
    image.save(f"{name}.webp", ContentFile(rendition.image), save=False)
    thumbnail.save(f"{name}-thumbnail.webp", ContentFile(rendition.thumbnail), save=False)


def clear(*fields: FieldFile) -> None:
    """Empty *fields* of a row that is saved next. Their files are deleted once the change is certain."""
    before = _files(fields)
    transaction.on_commit(lambda: _delete(before))
    for field in fields:
        setattr(field.instance, field.field.attname, "")


def delete_files_with_rows(model: type[models.Model], *fields: str) -> None:
    """From now on the files in *fields* of a *model* are deleted once the deletion of their row is certain."""

    def forget(sender: type[models.Model], instance: models.Model, **kwargs: Any) -> None:
        files = _files(getattr(instance, field) for field in fields)
        transaction.on_commit(lambda: _delete(files))

    models.signals.post_delete.connect(
        forget, sender=model, weak=False, dispatch_uid=f"website.pictures.{model._meta.label}"
    )


def _within_limits(opened: Any) -> None:
    most = MOST_PIXELS_PROGRESSIVE if opened.info.get("progressive") else MOST_PIXELS[opened.format]
    if opened.width * opened.height > most:
        raise _too_many(most)
    if min(opened.size) < SMALLEST_SIDE:
        raise Refused(_("L’image fait moins de 64 pixels de côté."), "too_small")


def _too_many(most: int) -> Refused:
    return Refused(
        _("L’image a plus de %(megapixels)d millions de pixels.") % {"megapixels": most // 1_000_000}, "too_many_pixels"
    )


def _reduced(opened: Any) -> Any:
    """*opened* in RGB, on white where it is transparent, and smaller where it is much larger than what is kept."""
    from PIL import Image

    factor = max(1, int(max(opened.width / IMAGE_BOX[0], opened.height / IMAGE_BOX[1]) / GAP))
    opened.load()
    small = Image.new("RGB", (-(-opened.width // factor), -(-opened.height // factor)))
    for top in range(0, opened.height, STRIP * factor):
        strip = opened.crop((0, top, opened.width, min(top + STRIP * factor, opened.height)))
        if strip.has_transparency_data:
            strip = strip.convert("RGBA")
            strip = Image.alpha_composite(Image.new("RGBA", strip.size, "white"), strip)
        small.paste(strip.convert("RGB").reduce(factor), (0, top // factor))
    return small


def _files(fields: Iterable[FieldFile]) -> list[tuple[Any, str]]:
    return [(file.storage, file.name) for file in fields if file.name]


def _delete(files: list[tuple[Any, str]]) -> None:
    for storage, name in files:
        storage.delete(name)


def _webp(picture: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY, method=4)
    return buffer.getvalue()
