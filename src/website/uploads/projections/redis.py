"""Redis: titles and tags, to be read in an instant, and found by tag.

``media:entry:KEY`` has the title and tags of an upload; ``media:tag:WHOSE:TAG`` is the set of those with a tag, newest
last, of everybody (``all``) and of each owner.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError

from website.uploads.models import Media
from website.uploads.projections import ProjectionUnavailable

__all__ = ["Titles"]

# Seconds. What is away now is told later: nobody waits for it for long.
PATIENCE = 2.0
ENTRY = "media:entry:"
EVERYBODY = "all"

Entry = dict[str, Any]


class Titles:
    def __init__(self, address: str) -> None:
        self.client: Any = Redis.from_url(
            address, decode_responses=True, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        )

    def write(self, medias: Collection[Media]) -> None:
        with _told():
            before = self._entries([media.pk for media in medias])
            # All of it or nothing, for whoever reads meanwhile.
            with self.client.pipeline(transaction=True) as pipeline:
                for media, old in zip(medias, before, strict=True):
                    new = _entry(media)
                    if old:
                        for place in set(_sets(old)) - set(_sets(new)):
                            pipeline.zrem(place, str(media.pk))
                    pipeline.set(f"{ENTRY}{media.pk}", json.dumps(new))
                    for place in _sets(new):
                        pipeline.zadd(place, {str(media.pk): new["at"]})
                pipeline.execute()

    def remove(self, keys: Iterable[UUID]) -> None:
        keys = list(keys)
        with _told():
            entries = self._entries(keys)
            with self.client.pipeline(transaction=True) as pipeline:
                for key, entry in zip(keys, entries, strict=True):
                    for place in _sets(entry) if entry else []:
                        pipeline.zrem(place, str(key))
                    pipeline.delete(f"{ENTRY}{key}")
                pipeline.execute()

    def keys(self) -> Iterator[UUID]:
        with _told():
            for name in self.client.scan_iter(f"{ENTRY}*", count=1000):
                yield UUID(name.removeprefix(ENTRY))

    def tagged(self, tag: str, owner: int | None, count: int) -> list[Entry]:
        """The newest *count* with *tag*, of *owner* (None: of everybody): id, title and tags of each."""
        with _told():
            keys = self.client.zrevrange(_set(owner, tag), 0, count - 1)
            entries = self._entries(keys)
        return [
            {"id": key, "title": entry["title"], "tags": entry["tags"]}
            for key, entry in zip(keys, entries, strict=True)
            if entry
        ]

    def check(self) -> None:
        with _told():
            self.client.ping()

    def _entries(self, keys: Sequence[object]) -> list[Entry | None]:
        found = self.client.mget([f"{ENTRY}{key}" for key in keys]) if keys else []
        return [json.loads(text) if text else None for text in found]


def _entry(media: Media) -> Entry:
    return {
        "title": str(media),
        "tags": media.tags,
        "owner": media.owner_id,
        # Microseconds: a float holds them exactly until the year 2255.
        "at": int(media.created_at.timestamp() * 1_000_000),
    }


def _sets(entry: Entry) -> list[str]:
    owners = {None, entry["owner"]}
    return [_set(owner, tag) for tag in entry["tags"] for owner in owners]


def _set(owner: int | None, tag: str) -> str:
    return f"media:tag:{EVERYBODY if owner is None else owner}:{tag}"


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise ProjectionUnavailable(f"Redis: {error}") from error
