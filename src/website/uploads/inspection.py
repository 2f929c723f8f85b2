"""Checks of an uploaded file before it is stored: its content has to fit its name."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from website.uploads.kinds import HEAD, Kind, detect

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

__all__ = ["MOST_PIXELS", "Refused", "fingerprint", "inspect"]

MOST_PIXELS = 100_000_000
"""The largest number of pixels of a picture, because a browser has to decode them all."""

# What Pillow raises for bytes that are not what they seem.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, struct.error)


class Refused(Exception):
    """The file is not taken. *code* is for programs; *reason*, in the request's language, for people."""

    def __init__(self, reason: StrPromise | str, code: str) -> None:
        super().__init__(reason, code)
        self.reason = str(reason)
        self.code = code


def inspect(upload: UploadedFile[bytes]) -> Kind:
    """The kind of *upload*, whose content, name and size agree. Raises Refused, and says why."""
    size = upload.size or 0
    if size > settings.UPLOADS_MAX_BYTES:
        raise Refused(
            _("Le fichier dépasse %(size)s.") % {"size": filesizeformat(settings.UPLOADS_MAX_BYTES)}, "too_large"
        )
    upload.seek(0)
    kind = detect(upload.read(HEAD))
    if kind is None:
        raise Refused(_("Seuls les JPEG, PNG, GIF, WebP, PDF et MP4 sont acceptés."), "unsupported_type")
    if str(upload.name).rpartition(".")[2].lower() not in kind.extensions:
        raise Refused(
            _("Le contenu est du type %(type)s, ce que le nom ne dit pas.") % {"type": kind.mime_type}, "type_mismatch"
        )
    if kind.image:
        _look_at(upload, kind.image)
    upload.seek(0)
    return kind


def fingerprint(upload: UploadedFile[bytes], fields: dict[str, Any]) -> str:
    """A digest of the whole request: equal only for the same file and *fields*."""
    digest = hashlib.sha256(repr((upload.name, sorted(fields.items()))).encode())
    upload.seek(0)
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return digest.hexdigest()


def _look_at(upload: UploadedFile[bytes], format: str) -> None:
    """Reads a picture's header, which tells its size, and unpacks nothing."""
    # Pillow takes a while to load: only a process that is sent a picture needs it.
    from PIL import Image

    upload.seek(0)
    try:
        # A picture of too many pixels by Pillow's own measure is an error there; ours is below.
        with Image.open(upload, formats=[format]) as picture:
            pixels = picture.width * picture.height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pixels = MOST_PIXELS + 1
    except BROKEN:
        raise Refused(_("Cette image est illisible."), "not_an_image") from None
    if pixels > MOST_PIXELS:
        raise Refused(_("L’image a plus de 100 millions de pixels."), "too_many_pixels")
