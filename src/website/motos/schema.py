"""The description of the API where drf-spectacular cannot see it in the views. Loaded when the description is asked
for.
"""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_view

from website.motos import views
from website.motos.listing import ListQuery
from website.motos.serializers import (
    CredentialsSerializer,
    EnquirySerializer,
    MotorcyclePageSerializer,
    MotorcycleSerializer,
    MotorcycleWriteSerializer,
    PictureChangeSerializer,
    PictureSerializer,
    PictureUploadSerializer,
    SessionSerializer,
)

__all__: list[str] = []

extend_schema_view(get=extend_schema(operation_id="listBrands", auth=[]))(views.Brands)
extend_schema_view(get=extend_schema(operation_id="listModels", auth=[]))(views.Models)
extend_schema_view(
    get=extend_schema(
        operation_id="listMotorcycles", parameters=[ListQuery], responses=MotorcyclePageSerializer, auth=[]
    ),
    post=extend_schema(
        operation_id="createMotorcycle", request=MotorcycleWriteSerializer, responses={201: MotorcycleSerializer}
    ),
)(views.Motorcycles)
extend_schema_view(
    get=extend_schema(operation_id="getMotorcycle", responses=MotorcycleSerializer, auth=[]),
    put=extend_schema(
        operation_id="replaceMotorcycle", request=MotorcycleWriteSerializer, responses=MotorcycleSerializer
    ),
    patch=extend_schema(
        operation_id="changeMotorcycle", request=MotorcycleWriteSerializer, responses=MotorcycleSerializer
    ),
    delete=extend_schema(operation_id="deleteMotorcycle"),
)(views.OneMotorcycle)
extend_schema_view(
    post=extend_schema(operation_id="addPicture", request=PictureUploadSerializer, responses={201: PictureSerializer})
)(views.Pictures)
extend_schema_view(
    patch=extend_schema(operation_id="changePicture", request=PictureChangeSerializer, responses=PictureSerializer),
    delete=extend_schema(operation_id="deletePicture", responses={204: None}),
)(views.OnePicture)
extend_schema_view(
    post=extend_schema(operation_id="enquire", request=EnquirySerializer, responses={201: EnquirySerializer})
)(views.Enquiries)
extend_schema_view(
    get=extend_schema(operation_id="getSession", responses=SessionSerializer),
    post=extend_schema(operation_id="logIn", request=CredentialsSerializer, responses=SessionSerializer),
    delete=extend_schema(operation_id="logOut", responses={204: None}),
)(views.Session)
