"""The parameters of the list of uploads: owner, tag and page."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from django.core.validators import RegexValidator
from rest_framework import serializers

from website.api.pagination import Page, page
from website.api.queries import Query
from website.uploads import projections
from website.uploads.models import Media
from website.uploads.projections import ProjectionUnavailable

__all__ = ["ListQuery", "TitlesQuery", "metadata", "titles", "uploads"]

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    from website.uploads.projections.mongodb import Metadata
    from website.uploads.projections.redis import Titles

ORDERING = "-created_at"
MOST_TITLES = 100


def _tag(*, required: bool) -> serializers.CharField:
    return serializers.CharField(
        max_length=50,
        required=required,
        trim_whitespace=False,
        validators=[RegexValidator(r"^[^\x00]+$")],
        help_text="those with this tag",
    )


class ListQuery(Query):
    """The query parameters of the list."""

    tag = _tag(required=False)
    cursor = serializers.RegexField(
        r"^[A-Za-z0-9_-]+$",
        max_length=200,
        required=False,
        trim_whitespace=False,
        help_text="`next` or `previous` of another part",
    )
    page_size = serializers.IntegerField(min_value=1, max_value=100, default=24)


class TitlesQuery(Query):
    """The query parameters of titles."""

    tag = _tag(required=True)


def uploads(user: Any, query: dict[str, Any]) -> Page[Media]:
    """The uploads that *user* may see and that *query*, a valid ListQuery, asks for. Newest first."""
    found = Media.objects.visible_to(user)
    if "tag" in query:
        found = found.tagged(query["tag"].casefold())
    return page(found, ordering=ORDERING, size=query["page_size"], cursor=query.get("cursor", ""))


def titles(user: Any, tag: str) -> list[dict[str, Any]]:
    """Id, title and tags of the newest uploads with *tag* that *user* may see: from Redis, else from PostgreSQL."""
    tag = tag.casefold()
    if "redis" in projections.configured():
        try:
            return cast("Titles", projections.get("redis")).tagged(tag, None if user.is_staff else user.pk, MOST_TITLES)
        except ProjectionUnavailable as error:
            logger.warning("Titles are read from PostgreSQL: %s", error)
    found = Media.objects.visible_to(user).tagged(tag).order_by("-created_at", "-pk")
    return [{"id": media.pk, "title": str(media), "tags": media.tags} for media in found[:MOST_TITLES]]


def metadata(media: Media) -> dict[str, Any]:
    """The metadata that the file has in itself: from MongoDB, else from PostgreSQL."""
    if "mongodb" in projections.configured():
        try:
            found = cast("Metadata", projections.get("mongodb")).find(media.pk)
        except ProjectionUnavailable as error:
            logger.warning("Metadata is read from PostgreSQL: %s", error)
        else:
            if found is not None:
                return found
    return media.metadata or {}
