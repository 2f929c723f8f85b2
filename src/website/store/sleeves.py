"""The picture of an album's sleeve: converted from the upload, with a thumbnail for lists."""

from __future__ import annotations

from django.core.files.base import File

from website import pictures
from website.pictures import Refused, Rendition
from website.store.models import Album

__all__ = ["Refused", "Rendition", "clear", "delete_files_with_rows", "prepare", "store"]

# Sleeves are square.
THUMBNAIL_SIZE = (480, 480)


def prepare(upload: File[bytes]) -> Rendition:
    """The picture in *upload* in the two sizes that are stored. Raises Refused."""
    return pictures.prepare(upload, THUMBNAIL_SIZE)


def store(album: Album, rendition: Rendition) -> None:
    """Write the picture of *album*, which is saved next. The files that it had go once the change is certain."""
    pictures.store(album.picture, album.thumbnail, rendition, "albums")


def clear(album: Album) -> None:
    """Take the picture of *album*, which is saved next, away: a sleeve is drawn then."""
    pictures.clear(album.picture, album.thumbnail)


def delete_files_with_rows() -> None:
    """From now on the files of an album go with its row."""
    pictures.delete_files_with_rows(Album, "picture", "thumbnail")
