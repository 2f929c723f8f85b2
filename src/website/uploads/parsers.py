"""A parser for a form with a file: it reads in pieces, up to a limit, and refuses an incomplete body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParser as Reader
from django.http.multipartparser import MultiPartParserError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from website.api.exceptions import TooLarge

__all__ = ["MediaParser", "check_length"]

# What a form needs beside its file: the other fields, and what stands between them.
FIELDS = 64 * 1024


class MediaParser(parsers.MultiPartParser):
    """A form with a file. Django's upload handlers put a large one on the disk while it arrives."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> parsers.DataAndFiles[Any, Any]:
        request = (parser_context or {})["request"]
        length = check_length(request.META)
        watched: Any = _Watched(stream)
        meta = {**request.META, "CONTENT_TYPE": media_type}
        try:
            reader = _Reader(meta, watched, request._request.upload_handlers, settings.DEFAULT_CHARSET)
            data, files = reader.parse()
        except MultiPartParserError as error:
            raise ParseError(_("Le formulaire est illisible : %(why)s.") % {"why": error}) from None
        except UnreadablePostError:
            raise ParseError(_("Le corps n’est pas arrivé en entier.")) from None
        if watched.count < length or reader.end not in watched.end:
            # Who sent it has gone. Django takes what has come for the whole file.
            for _name, parts in files.lists():
                for part in parts:
                    part.close()
            raise ParseError(_("Le corps n’est pas arrivé en entier."))
        return parsers.DataAndFiles(data, files)


def check_length(meta: Mapping[str, Any]) -> int:
    """The length of the body that is announced. Raises TooLarge for one that is not worth reading."""
    length = int(meta.get("CONTENT_LENGTH") or 0)
    limit = settings.UPLOADS_MAX_BYTES + FIELDS
    if length > limit:
        raise TooLarge(
            _("Le corps fait %(length)s ; %(limit)s au plus sont lus.")
            % {"length": filesizeformat(length), "limit": filesizeformat(limit)}
        )
    return length


class _Reader(Reader):
    """Django's parser, but strict: a file name with folders and a part without an end are refused."""

    _boundary: bytes

    @property
    def end(self) -> bytes:
        """How the body ends."""
        return b"--" + self._boundary + b"--"

    def sanitize_file_name(self, file_name: str) -> str | None:
        if "/" in file_name or "\\" in file_name or "\0" in file_name:
            raise MultiPartParserError(_("un nom de fichier a un chemin"))
        return super().sanitize_file_name(file_name)


class _Watched:
    """A stream that counts the bytes that were read, and keeps the last ones."""

    def __init__(self, stream: IO[Any]) -> None:
        self.stream = stream
        self.count = 0
        self.end = b""

    def read(self, size: int = -1) -> bytes:
        data: bytes = self.stream.read(size)
        self.count += len(data)
        # A boundary has 201 characters at most, as Django has it.
        self.end = (self.end + data)[-256:]
        return data
