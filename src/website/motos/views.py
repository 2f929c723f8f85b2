"""The API under /api/motos/: anyone reads and enquires, staff write. schema.py describes it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import conditional_page
from rest_framework import generics
from rest_framework.exceptions import ErrorDetail, NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from website.api.parsers import UploadParser
from website.api.permissions import StaffOrReadOnly
from website.motos import pictures
from website.motos.enquiries import keep
from website.motos.listing import ListQuery, count, motorcycles
from website.motos.models import Brand, Model, Motorcycle, Picture
from website.motos.serializers import (
    BrandSerializer,
    CredentialsSerializer,
    EnquirySerializer,
    ModelSerializer,
    MotorcyclePageSerializer,
    MotorcycleSerializer,
    MotorcycleWriteSerializer,
    PictureChangeSerializer,
    PictureSerializer,
    PictureUploadSerializer,
    SessionSerializer,
)
from website.throttling import sender

__all__: list[str] = []

# Kept by browsers, and asked about each time: what has not changed, by the ETag of its content, is a 304.
revalidated = [cache_control(no_cache=True), conditional_page]


@method_decorator(revalidated, name="get")
class Brands(generics.ListAPIView[Brand]):
    """The brands."""

    queryset = Brand.objects.all()
    serializer_class = BrandSerializer
    permission_classes = [AllowAny]


@method_decorator(revalidated, name="get")
class Models(generics.ListAPIView[Model]):
    """The models of all brands."""

    queryset = Model.objects.select_related("brand")
    serializer_class = ModelSerializer
    permission_classes = [AllowAny]


@method_decorator(revalidated, name="get")
class Motorcycles(generics.GenericAPIView[Motorcycle]):
    queryset = Motorcycle.objects.all()
    permission_classes = [StaffOrReadOnly]

    def get(self, request: Request) -> Response:
        """A part of the list of motorcycles, as filtered and ordered."""
        query = ListQuery.read(request.query_params)
        return Response(MotorcyclePageSerializer({**motorcycles(query).as_data(), "count": count(query)}).data)

    def post(self, request: Request) -> Response:
        """Put a motorcycle up for sale. For staff."""
        serializer = MotorcycleWriteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        motorcycle = serializer.save()
        return Response(serializer.data, status=201, headers={"Location": f"{request.path}{motorcycle.pk}/"})


@method_decorator(revalidated, name="get")
class OneMotorcycle(generics.RetrieveUpdateDestroyAPIView[Motorcycle]):
    permission_classes = [StaffOrReadOnly]

    def get_queryset(self) -> QuerySet[Motorcycle]:
        return Motorcycle.objects.for_display()

    def get_serializer_class(self) -> Any:
        return MotorcycleSerializer if self.request.method == "GET" else MotorcycleWriteSerializer


class Pictures(APIView):
    permission_classes = [StaffOrReadOnly]
    parser_classes = [UploadParser]

    def post(self, request: Request, pk: int) -> Response:
        """Add a picture, as the last one. For staff. What is stored is made anew from what was decoded."""
        motorcycle = get_object_or_404(Motorcycle, pk=pk)
        serializer = PictureUploadSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            rendition = pictures.prepare(serializer.validated_data["image"])
            picture = pictures.add(motorcycle, rendition, serializer.validated_data["alternative_text"])
        except pictures.Refused as refusal:
            raise ValidationError({"image": [ErrorDetail(refusal.reason, code=refusal.code)]}) from None
        except Motorcycle.DoesNotExist:
            raise NotFound from None
        return Response(PictureSerializer(picture).data, status=201)


class OnePicture(APIView):
    permission_classes = [StaffOrReadOnly]

    def patch(self, request: Request, pk: int) -> Response:
        """Change a picture's alternative text, or its place among those of the motorcycle. For staff."""
        picture = get_object_or_404(Picture, pk=pk)
        serializer = PictureChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        changes = serializer.validated_data
        if "alternative_text" in changes:
            picture.alternative_text = changes["alternative_text"]
            picture.save(update_fields=["alternative_text"])
        if "position" in changes:
            pictures.move(picture, changes["position"])
        return Response(PictureSerializer(picture).data)

    def delete(self, request: Request, pk: int) -> Response:
        """Take a picture away. For staff."""
        get_object_or_404(Picture, pk=pk).delete()
        return Response(status=204)


class Enquiries(APIView):
    permission_classes = [AllowAny]

    def post(self, request: Request, pk: int) -> Response:
        """Ask about a motorcycle. For anyone, five times an hour."""
        motorcycle = get_object_or_404(Motorcycle, pk=pk)
        serializer = EnquirySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        keep(serializer, motorcycle, sender(request))
        return Response(serializer.data, status=201)


@method_decorator([ensure_csrf_cookie, cache_control(no_store=True)], name="get")
class Session(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        """The user who is asking. Sets the cookie whose value the header X-CSRFToken of every change repeats."""
        return self._answer(request.user)

    def post(self, request: Request) -> Response:
        """Log in."""
        serializer = CredentialsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = authenticate(request._request, **serializer.validated_data)
        if user is None:
            raise PermissionDenied(_("Ce nom et ce mot de passe ne vont pas ensemble."))
        login(request._request, user)
        return self._answer(user)

    def delete(self, request: Request) -> Response:
        """Log out."""
        logout(request._request)
        return Response(status=204)

    def _answer(self, user: Any) -> Response:
        return Response(SessionSerializer({"username": user.get_username() or None, "is_staff": user.is_staff}).data)
