"""The data that the API of uploads shows and takes."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from website.api.fields import StringField, TextField
from website.uploads.models import Media

__all__ = [
    "MediaPageSerializer",
    "MediaSerializer",
    "MetadataSerializer",
    "TagField",
    "TitlesSerializer",
    "UploadSerializer",
]

MOST_TAGS = 20


class TagField(StringField):
    """A word or a few, in lower case. No comma: people write several between commas. No markup, as in all texts."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(max_length=50, **arguments)
        pattern = r"^\s*[^\s<>,\x00][^<>,\x00]*$"
        self.validators.append(RegexValidator(pattern, _("Un mot-clé n’a ni virgule, ni < ni >."), code="tag"))

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).casefold()


class FlagField(serializers.BooleanField):
    """true or false, as a form has them. REST framework takes a dozen words more."""

    TRUE_VALUES = {"true", "True", True}
    FALSE_VALUES = {"false", "False", False}


class MediaSerializer(serializers.ModelSerializer[Media]):
    """A file. Its address is relative to the site where the site itself keeps it."""

    tags = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Media
        fields = ["id", "filename", "title", "tags", "file_id", "url", "mime_type", "size_bytes", "created_at"]
        read_only_fields = fields


class MediaPageSerializer(serializers.Serializer[Any]):
    """A part of a list. ``next`` and ``previous`` are the cursors of the parts around it."""

    next = serializers.CharField(allow_null=True, read_only=True)
    previous = serializers.CharField(allow_null=True, read_only=True)
    results = MediaSerializer(many=True, read_only=True)


class PositionSerializer(serializers.Serializer[Any]):
    """Degrees: north and east are positive."""

    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)


class MetadataSerializer(serializers.Serializer[Any]):
    """The metadata of a file. A field is there if the file has it; a moment after the upload none may be there yet."""

    width = serializers.IntegerField(required=False, help_text="in pixels")
    height = serializers.IntegerField(required=False, help_text="in pixels")
    pages = serializers.IntegerField(required=False, help_text="of a PDF")
    exif = serializers.DictField(required=False, help_text="by the names that the standard gives")
    position = PositionSerializer(required=False, help_text="where it was kept on request")


class TitleSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True)
    title = serializers.CharField(read_only=True, help_text="the file's name where it has no title")
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)


class TitlesSerializer(serializers.Serializer[Any]):
    """The newest first. One uploaded a moment ago may not be there yet."""

    results = TitleSerializer(many=True, read_only=True)


class UploadSerializer(serializers.Serializer[Any]):
    # What it is, is found out by website.uploads.inspection.
    file = serializers.FileField(max_length=255, help_text="JPEG, PNG, GIF, WebP, PDF or MP4")
    title = TextField(max_length=200, allow_blank=True, default="")
    tags = serializers.ListField(child=TagField(), max_length=MOST_TAGS, default=list, help_text="each in lower case")
    keep_position = FlagField(
        default=False, help_text="whether the place that a picture says it was taken at is kept among its metadata"
    )

    def validate_tags(self, tags: list[str]) -> list[str]:
        return list(dict.fromkeys(tags))
