"""The default storage: files on this machine, under MEDIA_ROOT."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import default_storage

from website.uploads.storage import Entry, Stored
from website.uploads.storage.errors import StorageUnavailable

__all__ = ["FOLDER", "LocalStorage"]

FOLDER = "uploads"
"""Under MEDIA_ROOT."""


class LocalStorage:
    """Django's default storage. A file that Django has put on the same disk is moved there, not copied.

    It is on the disk before it is said to be kept: a row that survives a power cut has its file.
    """

    def put(self, name: str, content: File[Any], mime_type: str) -> Stored:
        path = f"{FOLDER}/{name}"
        with _told():
            default_storage.delete(path)
            kept = Path(default_storage.path(default_storage.save(path, content)))
            for changed in (kept, kept.parent):
                _write_out(changed)
        return Stored(file_id=path, url=default_storage.url(path))

    @contextlib.contextmanager
    def open(self, file_id: str, url: str) -> Iterator[IO[bytes]]:
        with _told():
            file = default_storage.open(file_id)
        with file:
            yield file

    def delete(self, name: str, file_id: str) -> None:
        with _told(), contextlib.suppress(NotADirectoryError):
            default_storage.delete(f"{FOLDER}/{name}")

    def entries(self) -> Iterator[Entry]:
        if not default_storage.exists(FOLDER):
            return
        with _told():
            for name in default_storage.listdir(FOLDER)[1]:
                path = f"{FOLDER}/{name}"
                with contextlib.suppress(FileNotFoundError):  # gone in the meantime
                    yield Entry(name, path, default_storage.get_created_time(path))

    def check(self) -> None:
        with _told():
            folder = Path(default_storage.path(FOLDER))
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass


def _write_out(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(f"{error.strerror}: {error.filename}") from error
