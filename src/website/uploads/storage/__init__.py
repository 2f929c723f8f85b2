"""The storages of files: ImageKit where its keys are set, this machine otherwise.

Adding a storage is writing a module with a class that fits :class:`MediaStorage`, and naming it in :data:`STORAGES`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import IO, Any, Protocol

from django.conf import settings
from django.core.files import File

from website.uploads.storage.errors import StorageError, StorageRefused, StorageUnavailable, TooLargeForStorage

__all__ = [
    "STORAGES",
    "Entry",
    "MediaStorage",
    "StorageError",
    "StorageRefused",
    "StorageUnavailable",
    "Stored",
    "TooLargeForStorage",
    "chosen",
    "get",
]


@dataclass(frozen=True)
class Stored:
    """A stored file: its id in the storage, and its public address."""

    file_id: str
    url: str


@dataclass(frozen=True)
class Entry:
    """A file in the storage, with or without a row in the database."""

    name: str
    file_id: str
    created_at: datetime


class MediaStorage(Protocol):
    """The interface of a storage. Every method raises StorageError if it fails."""

    def put(self, name: str, content: File[Any], mime_type: str) -> Stored:
        """Keep *content* as *name*, read in pieces. Done twice, there is one file."""

    def open(self, file_id: str, url: str) -> AbstractContextManager[IO[bytes]]:
        """The content of a file, which can be sought in."""

    def delete(self, name: str, file_id: str) -> None:
        """Delete the file *name*, if it exists. *file_id* is empty if storing it never ended."""

    def entries(self) -> Iterator[Entry]:
        """Every file."""

    def check(self) -> None:
        """Return where files could be kept now."""


# name → module and class. One that is not used is not loaded.
STORAGES: Mapping[str, str] = MappingProxyType(
    {
        "local": "website.uploads.storage.local.LocalStorage",
        "imagekit": "website.uploads.storage.imagekit.ImageKitStorage",
    }
)


def chosen() -> str:
    """The name of the storage that new files go to."""
    return "imagekit" if all(settings.IMAGEKIT.values()) else "local"


@cache
def get(name: str) -> MediaStorage:
    """The storage *name*: one for the whole process, with its connections."""
    module, _, kind = STORAGES[name].rpartition(".")
    storage: MediaStorage = getattr(importlib.import_module(module), kind)()
    return storage
