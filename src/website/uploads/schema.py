"""The description of the API where drf-spectacular cannot see it in the views. Loaded when the description is asked
for.
"""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view

from website.uploads import views
from website.uploads.listing import ListQuery, TitlesQuery
from website.uploads.serializers import (
    MediaPageSerializer,
    MediaSerializer,
    MetadataSerializer,
    TitlesSerializer,
    UploadSerializer,
)

__all__: list[str] = []

KEY = OpenApiParameter(
    name="Idempotency-Key",
    location=OpenApiParameter.HEADER,
    type={"type": "string", "pattern": r"^[!#-\[\]-~]{1,255}$"},
    description="the same request made again with the same key gets the first answer",
)

# What an operation answers to who is not logged in.
SESSION = {"x-problems": ["401"]}

extend_schema_view(
    post=extend_schema(
        operation_id="upload",
        tags=["uploads"],
        parameters=[KEY],
        request={"multipart/form-data": UploadSerializer},
        responses={201: MediaSerializer},
        extensions={"x-problems": ["401", "409", "422", "502", "503"]},
    )
)(views.Upload)
extend_schema_view(
    get=extend_schema(
        operation_id="listUploads",
        tags=["uploads"],
        parameters=[ListQuery],
        responses=MediaPageSerializer,
        extensions=SESSION,
    )
)(views.Uploads)
extend_schema_view(
    get=extend_schema(operation_id="getUpload", tags=["uploads"], responses=MediaSerializer, extensions=SESSION),
    delete=extend_schema(operation_id="deleteUpload", tags=["uploads"], responses={204: None}, extensions=SESSION),
)(views.OneUpload)
extend_schema_view(
    get=extend_schema(
        operation_id="listUploadTitles",
        tags=["uploads"],
        parameters=[TitlesQuery],
        responses=TitlesSerializer,
        extensions=SESSION,
    )
)(views.Titles)
extend_schema_view(
    get=extend_schema(
        operation_id="getUploadMetadata", tags=["uploads"], responses=MetadataSerializer, extensions=SESSION
    )
)(views.OneMetadata)
