"""MongoDB: the metadata inside of each file, as one document per file."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator
from typing import Any
from uuid import UUID

from pymongo import MongoClient, ReplaceOne
from pymongo.errors import PyMongoError

from website.uploads.models import Media
from website.uploads.projections import ProjectionUnavailable

__all__ = ["Metadata"]

Document = dict[str, Any]

# Milliseconds. What is away now is told later: nobody waits for it for long.
PATIENCE = 2000


class Metadata:
    """The collection ``media_metadata`` of the database that the address names (else of ``website``)."""

    def __init__(self, address: str) -> None:
        self.client: MongoClient[Document] = MongoClient(
            address,
            serverSelectionTimeoutMS=PATIENCE,
            connectTimeoutMS=PATIENCE,
            timeoutMS=2 * PATIENCE,
            tz_aware=True,
        )
        self.collection = self.client.get_default_database("website")["media_metadata"]

    def write(self, medias: Collection[Media]) -> None:
        if medias:
            with _told():
                self.collection.bulk_write(
                    [ReplaceOne({"_id": str(media.pk)}, _document(media), upsert=True) for media in medias],
                    ordered=False,
                )

    def remove(self, keys: Iterable[UUID]) -> None:
        with _told():
            self.collection.delete_many({"_id": {"$in": [str(key) for key in keys]}})

    def keys(self) -> Iterator[UUID]:
        with _told():
            for document in self.collection.find({}, {"_id": True}):
                yield UUID(document["_id"])

    def find(self, key: UUID) -> Document | None:
        """The metadata of one file; None for one that is not known yet."""
        with _told():
            document = self.collection.find_one({"_id": str(key)}, {"metadata": True})
        return document and document["metadata"]

    def check(self) -> None:
        with _told():
            self.client.admin.command("ping")


def _document(media: Media) -> Document:
    return {
        "_id": str(media.pk),
        "filename": media.filename,
        "mime_type": media.mime_type,
        "size_bytes": media.size_bytes,
        "created_at": media.created_at,
        "metadata": media.metadata,
    }


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except PyMongoError as error:
        raise ProjectionUnavailable(f"MongoDB: {error}") from error
