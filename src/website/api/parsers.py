"""Parsers that read bodies up to a limit. REST framework's own parsers have no limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from website.api.exceptions import TooLarge

__all__ = ["JSONParser", "UploadParser"]

MEGABYTE = 1024 * 1024


class JSONParser(parsers.JSONParser):
    """JSON of 1 MB at most."""

    limit = MEGABYTE

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        _refuse_long(parser_context, self.limit)
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(_("Le JSON est trop profondément imbriqué.")) from None


class UploadParser(parsers.MultiPartParser):
    """A form with a file, of 11 MB at most: a file of 10 MB, and its fields. The field checks the file itself."""

    limit = 11 * MEGABYTE

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> parsers.DataAndFiles[Any, Any]:
        _refuse_long(parser_context, self.limit)
        return super().parse(stream, media_type, parser_context)


def _refuse_long(context: Mapping[str, Any] | None, limit: int) -> None:
    # WSGI reads no further than the announced length, so there is nothing else to count.
    length = int((context or {})["request"].META.get("CONTENT_LENGTH") or 0)
    if length > limit:
        raise TooLarge(
            _("Le corps fait %(length)s ; %(limit)s au plus sont lus.")
            % {"length": filesizeformat(length), "limit": filesizeformat(limit)}
        )
