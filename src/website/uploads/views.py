"""The API: /upload/ and /uploads/. Everyone has their own files, staff have all. schema.py describes it."""

from __future__ import annotations

import logging
import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from rest_framework import exceptions
from rest_framework.authentication import TokenAuthentication
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from website.api.authentication import SessionAuthentication
from website.api.exceptions import BadGateway, Conflict, TooLarge, Unavailable, Unprocessable
from website.uploads import uploading
from website.uploads.inspection import Refused
from website.uploads.listing import ListQuery, TitlesQuery, metadata, titles, uploads
from website.uploads.models import Media, UploadRequest
from website.uploads.parsers import MediaParser
from website.uploads.serializers import (
    MediaPageSerializer,
    MediaSerializer,
    MetadataSerializer,
    TitlesSerializer,
    UploadSerializer,
)
from website.uploads.storage import StorageError, StorageUnavailable, TooLargeForStorage
from website.uploads.throttling import UploadThrottle

__all__: list[str] = []

logger = logging.getLogger(__name__)

# The draft of the header (draft-ietf-httpapi-idempotency-key-header) has a quoted string; most send a bare one.
KEY = re.compile(r'"?([\x21\x23-\x5b\x5d-\x7e]{1,255})"?')


class MayUpload(BasePermission):
    """Whoever is logged in; anyone where UPLOADS_ANONYMOUS says so."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return settings.UPLOADS_ANONYMOUS or bool(request.user and request.user.is_authenticated)


class Upload(APIView):
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [MayUpload]
    throttle_classes = [UploadThrottle]
    parser_classes = [MediaParser]
    asked: UploadRequest

    def post(self, request: Request) -> Response:
        """Upload a file. With an Idempotency-Key, the same request made again gets the first answer, for a day."""
        answer = self.receive(request, request.data)
        return Response(answer, status=201, headers={"Location": f"/uploads/{answer['id']}/"})

    def receive(self, request: Request, form: Any) -> uploading.Answer:
        """The answer to *form*. Raises an APIException where that is a problem."""
        key = _key(request)
        serializer = UploadSerializer(data=form)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        said = uploading.Description(data["title"], data["tags"], data["keep_position"])
        owner = request.user if request.user.is_authenticated else None
        try:
            return uploading.receive(self.asked, owner, data["file"], said, key)
        except Refused as refusal:
            raise exceptions.ValidationError(
                {"file": [exceptions.ErrorDetail(refusal.reason, code=refusal.code)]}
            ) from None
        except uploading.KeyReused:
            raise Unprocessable(_("Cette clé est celle d’une autre requête.")) from None
        except uploading.StillUnderWay:
            raise Conflict(_("La première requête qui porte cette clé n’est pas terminée."), wait=5) from None
        except uploading.NotRemembered:
            raise Unavailable(_("Le fichier n’a pas pu être enregistré. Réessayez dans un instant."), wait=5) from None
        except StorageError as error:
            raise _told(error) from None


@method_decorator(cache_control(private=True, no_cache=True), name="get")
class Uploads(APIView):
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        """A part of the list of your uploads; of everybody's, for staff. Newest first."""
        page = uploads(request.user, ListQuery.read(request.query_params))
        return Response(
            MediaPageSerializer(
                {
                    "next": page.next and str(page.next),
                    "previous": page.previous and str(page.previous),
                    "results": page.rows,
                }
            ).data
        )


@method_decorator(cache_control(private=True, no_cache=True), name="get")
class Titles(APIView):
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        """The titles of your newest uploads with a tag; of everybody's, for staff. A hundred at most."""
        query = TitlesQuery.read(request.query_params)
        return Response(TitlesSerializer({"results": titles(request.user, query["tag"])}).data)


@method_decorator(cache_control(private=True, no_cache=True), name="get")
class OneUpload(APIView):
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request: Request, pk: UUID) -> Response:
        """An upload of yours; of anybody's, for staff."""
        return Response(MediaSerializer(_find(request, pk)).data)

    def delete(self, request: Request, pk: UUID) -> HttpResponse:
        """Delete one of your uploads; anybody's, for staff. Its file goes a moment later."""
        uploading.remove(_find(request, pk))
        return Response(status=204)


@method_decorator(cache_control(private=True, no_cache=True), name="get")
class OneMetadata(APIView):
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request: Request, pk: UUID) -> Response:
        """The metadata of the file of one of your uploads; of anybody's, for staff."""
        return Response(MetadataSerializer(metadata(_find(request, pk))).data)


def _find(request: Request, pk: UUID) -> Media:
    return get_object_or_404(Media.objects.visible_to(request.user), pk=pk)


def _told(error: StorageError) -> exceptions.APIException:
    """The answer to those who upload. The storage's own words are for the log: they may be about us."""
    logger.warning("The storage: %s: %s", type(error).__name__, error)
    if isinstance(error, TooLargeForStorage):
        return TooLarge(_("Le stockage ne prend pas de fichier aussi grand."))
    if isinstance(error, StorageUnavailable):
        return Unavailable(_("Le stockage ne répond pas. Réessayez dans un instant."), wait=error.retry_after or 5)
    return BadGateway(_("Le stockage refuse nos fichiers. Nous sommes prévenus."))


def _key(request: Request) -> str:
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return ""
    match = KEY.fullmatch(header)
    if match is None:
        raise exceptions.ParseError(_("Idempotency-Key : de 1 à 255 caractères ASCII visibles."))
    return match[1]
