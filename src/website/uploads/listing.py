"""What the list of uploads can be asked: whose, with which tag, and from which place on."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from website.api.pagination import Page, page
from website.api.queries import Query
from website.uploads.models import Media

__all__ = ["ListQuery", "uploads"]

ORDERING = "-created_at"


class ListQuery(Query):
    """The query parameters of the list."""

    tag = serializers.CharField(
        max_length=50,
        required=False,
        trim_whitespace=False,
        validators=[RegexValidator(r"^[^\x00]+$")],
        help_text="those with this tag",
    )
    cursor = serializers.RegexField(
        r"^[A-Za-z0-9_-]+$",
        max_length=200,
        required=False,
        trim_whitespace=False,
        help_text="`next` or `previous` of another part",
    )
    page_size = serializers.IntegerField(min_value=1, max_value=100, default=24)


def uploads(user: Any, query: dict[str, Any]) -> Page[Media]:
    """The part of the list of what *user* may see that *query*, as ListQuery reads it, asks for. Newest first."""
    found = Media.objects.visible_to(user)
    if "tag" in query:
        found = found.tagged(query["tag"].casefold())
    return page(found, ordering=ORDERING, size=query["page_size"], cursor=query.get("cursor", ""))
