"""The metadata that a file has in itself: dimensions and EXIF of a picture, pages of a PDF. Nothing is unpacked."""

from __future__ import annotations

import logging
import math
import struct
from typing import IO, Any

__all__ = ["read"]

logger = logging.getLogger(__name__)

# Anything that a library says of bytes that somebody has made up.
BROKEN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
MOST_TAGS = 200
LONGEST_TEXT = 500


def read(file: IO[bytes], mime_type: str, *, keep_position: bool) -> dict[str, Any]:
    """The metadata of *file*, as JSON has it. Where nothing can be read, there is nothing.

    ``width`` and ``height`` are in pixels, as the picture is stored; ``position``, where it is kept, in degrees.
    """
    try:
        if mime_type.startswith("image/"):
            return _of_picture(file, keep_position)
        if mime_type == "application/pdf":
            return _of_pdf(file)
    except BROKEN as error:
        logger.info("No metadata, the file is broken: %s", error)
    return {}


def _of_picture(file: IO[bytes], keep_position: bool) -> dict[str, Any]:
    from PIL import ExifTags, Image

    with Image.open(file, formats=("JPEG", "PNG", "GIF", "WEBP")) as picture:
        found: dict[str, Any] = {"width": picture.width, "height": picture.height}
        # Not the format's own method: of a PNG that has no EXIF before its pixels, it unpacks the pixels.
        exif = Image.Image.getexif(picture)
        tags = {**exif, **exif.get_ifd(EXIF_IFD)}
        named = {
            ExifTags.TAGS[tag]: plain
            for tag, value in list(tags.items())[:MOST_TAGS]
            # The offsets of other directories are of no interest; that of the position is one.
            if tag in ExifTags.TAGS and tag not in (EXIF_IFD, GPS_IFD) and (plain := _plain(value)) is not None
        }
        if named:
            found["exif"] = named
        if keep_position and (position := _position(exif.get_ifd(GPS_IFD))):
            found["position"] = position
    return found


def _of_pdf(file: IO[bytes]) -> dict[str, Any]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        pages: Any = PdfReader(file).root_object["/Pages"]
        count = pages["/Count"]
    except PyPdfError as error:
        raise ValueError(str(error)) from error
    return {"pages": int(count)} if 0 <= count < 2**31 else {}


def _plain(value: Any) -> str | int | float | list[Any] | None:
    """*value* as JSON has it, None where it is nothing to read."""
    if isinstance(value, bool | int):
        return int(value) if abs(value) < 2**53 else None
    if isinstance(value, str):
        # PostgreSQL stores no NUL.
        return value.replace("\0", "").strip()[:LONGEST_TEXT] or None
    if isinstance(value, tuple | list):
        parts = [_plain(part) for part in value[:16]]
        return [part for part in parts if part is not None] or None
    if isinstance(value, bytes):
        return None
    number = float(value)  # a rational
    return number if math.isfinite(number) else None


def _position(gps: dict[int, Any]) -> dict[str, float] | None:
    """Degrees, north and east positive (EXIF 2.32, 4.6.6: tags 1 to 4)."""
    found = {}
    for name, reference, negative, limit in (("latitude", 1, "S", 90), ("longitude", 3, "W", 180)):
        if reference + 1 not in gps:
            return None
        try:
            degrees, minutes, seconds = (float(part) for part in gps[reference + 1])
        except (ArithmeticError, TypeError, ValueError):
            return None
        value = degrees + minutes / 60 + seconds / 3600
        if not 0 <= value <= limit:  # also where it is no number
            return None
        found[name] = round(-value if gps.get(reference) == negative else value, 7)
    return found
