"""The copies of uploads' data in MongoDB and Redis: made of what PostgreSQL knows, after it, and at any time anew.

Writing and removing are done again without harm: each has one entry per upload, under the upload's own key. Adding a
projection is a module with a class that fits :class:`Projection`, its name in :data:`PROJECTIONS`, and a column of
Media that says when it was told.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple, Protocol
from uuid import UUID

from django.conf import settings

from website.uploads.models import Media

__all__ = ["PROJECTIONS", "Projection", "ProjectionUnavailable", "configured", "get"]


class ProjectionUnavailable(Exception):
    """The server of a projection does not answer, or not well."""


class Projection(Protocol):
    """A server that holds a copy of uploads' data. Every method may raise ProjectionUnavailable."""

    def write(self, medias: Collection[Media]) -> None:
        """Know *medias*, each as it is now."""

    def remove(self, keys: Iterable[UUID]) -> None:
        """Know nothing of these, also where nothing was known."""

    def keys(self) -> Iterator[UUID]:
        """All that is known of."""

    def check(self) -> None:
        """Return where the server answers."""


class _Place(NamedTuple):
    setting: str
    column: str
    kind: str


PROJECTIONS: Mapping[str, _Place] = MappingProxyType(
    {
        "mongodb": _Place("MONGODB_URL", "described_at", "website.uploads.projections.mongodb.Metadata"),
        "redis": _Place("REDIS_URL", "indexed_at", "website.uploads.projections.redis.Titles"),
    }
)


def configured() -> list[str]:
    """The names of the projections whose server is configured."""
    return [name for name, place in PROJECTIONS.items() if getattr(settings, place.setting)]


def get(name: str) -> Projection:
    """The projection *name*, which is configured: one for the whole process, with its connections."""
    return _made(name, getattr(settings, PROJECTIONS[name].setting))


@cache
def _made(name: str, address: str) -> Projection:
    module, _, kind = PROJECTIONS[name].kind.rpartition(".")
    projection: Projection = getattr(importlib.import_module(module), kind)(address)
    return projection
