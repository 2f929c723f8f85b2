"""Serializers of the API. Reading and writing have a serializer each, because their fields differ."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from website.api.fields import IntegerField, KeyField, KnownFieldsOnly, StringField, TextField
from website.motos.models import (
    FIRST_YEAR,
    HIGHEST_PRICE,
    LAST_YEAR,
    LONGEST_DESCRIPTION,
    Brand,
    Currency,
    Enquiry,
    Model,
    Motorcycle,
    Picture,
    Status,
)

__all__ = [
    "BrandSerializer",
    "CredentialsSerializer",
    "EnquirySerializer",
    "ModelSerializer",
    "MotorcycleSerializer",
    "MotorcyclePageSerializer",
    "MotorcycleWriteSerializer",
    "PictureChangeSerializer",
    "PictureSerializer",
    "PictureUploadSerializer",
    "SessionSerializer",
]


class BrandSerializer(serializers.ModelSerializer[Brand]):
    class Meta:
        model = Brand
        fields = ["id", "name", "slug"]
        read_only_fields = fields


class ModelSerializer(serializers.ModelSerializer[Model]):
    brand = BrandSerializer(read_only=True)

    class Meta:
        model = Model
        fields = ["id", "name", "brand"]
        read_only_fields = fields


class PictureSerializer(serializers.ModelSerializer[Picture]):
    """Addresses are relative to the site: it has several names."""

    image = serializers.CharField(source="image.url", read_only=True)
    thumbnail = serializers.CharField(source="thumbnail.url", read_only=True, help_text="640 × 480 pixels")

    class Meta:
        model = Picture
        fields = ["id", "image", "width", "height", "thumbnail", "alternative_text", "position"]
        read_only_fields = fields


class MotorcycleSummarySerializer(serializers.ModelSerializer[Motorcycle]):
    model = ModelSerializer(read_only=True)
    picture = PictureSerializer(
        source="first_picture", read_only=True, allow_null=True, help_text="the first of its pictures"
    )

    class Meta:
        model = Motorcycle
        fields = [
            "id", "model", "year", "price_cents", "currency", "mileage_km", "engine_cc", "power_kw", "colour", "status",
            "picture", "created_at",
        ]  # fmt: skip
        read_only_fields = fields
        extra_kwargs = {"engine_cc": {"help_text": "0 for an electric motorcycle"}}


class MotorcyclePageSerializer(serializers.Serializer[Any]):
    """A part of a list. ``next`` and ``previous`` are the cursors of the parts around it."""

    count = serializers.IntegerField(
        allow_null=True, read_only=True, help_text="how many there are in all parts; null for more than 1000"
    )
    next = serializers.CharField(allow_null=True, read_only=True)
    previous = serializers.CharField(allow_null=True, read_only=True)
    results = MotorcycleSummarySerializer(many=True, read_only=True)


class MotorcycleSerializer(serializers.ModelSerializer[Motorcycle]):
    model = ModelSerializer(read_only=True)
    pictures = PictureSerializer(many=True, read_only=True)

    class Meta:
        model = Motorcycle
        fields = [
            "id", "model", "year", "price_cents", "currency", "mileage_km", "engine_cc", "power_kw", "colour", "status",
            "description", "pictures", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields
        extra_kwargs = {"engine_cc": {"help_text": "0 for an electric motorcycle"}}


class MotorcycleWriteSerializer(KnownFieldsOnly, serializers.ModelSerializer[Motorcycle]):
    model = KeyField(queryset=Model.objects.select_related("brand"))
    year = IntegerField(min_value=FIRST_YEAR, max_value=LAST_YEAR)
    price_cents = IntegerField(min_value=1, max_value=HIGHEST_PRICE)
    currency = serializers.ChoiceField(choices=Currency.choices, default=Currency.EUR)
    mileage_km = IntegerField(min_value=0, max_value=2_000_000)
    engine_cc = IntegerField(min_value=0, max_value=10_000, help_text="0 for an electric motorcycle")
    power_kw = IntegerField(min_value=1, max_value=500)
    colour = TextField(max_length=50)
    description = TextField(max_length=LONGEST_DESCRIPTION, allow_blank=True, default="")
    status = serializers.ChoiceField(choices=Status.choices, default=Status.AVAILABLE)

    class Meta:
        model = Motorcycle
        fields = [
            "model", "year", "price_cents", "currency", "mileage_km", "engine_cc", "power_kw", "colour", "description",
            "status",
        ]  # fmt: skip

    def to_representation(self, instance: Motorcycle) -> Any:
        return MotorcycleSerializer(instance, context=self.context).data


class PictureUploadSerializer(serializers.Serializer[Any]):
    # Whether it is a picture is found out by website.motos.pictures.
    image = serializers.FileField(
        help_text="JPEG, PNG or WebP; 10 MB at most, and 40 megapixels (WebP 10, a progressive JPEG 20)"
    )
    alternative_text = TextField(max_length=200, help_text="what it shows, for those who do not see it")


class PictureChangeSerializer(KnownFieldsOnly):
    alternative_text = TextField(max_length=200, required=False)
    position = IntegerField(min_value=0, max_value=100, required=False, help_text="0 for the first")


class EnquirySerializer(KnownFieldsOnly, serializers.ModelSerializer[Enquiry]):
    name = TextField(max_length=100)
    email = serializers.EmailField(max_length=254)
    phone = StringField(
        max_length=20,
        allow_blank=True,
        default="",
        validators=[RegexValidator(r"^(\+?[0-9 ().-]{6,19})?$", _("Ce n’est pas un numéro de téléphone."))],
    )
    message = TextField(max_length=2000)

    class Meta:
        model = Enquiry
        fields = ["name", "email", "phone", "message"]


class CredentialsSerializer(KnownFieldsOnly):
    username = StringField(max_length=150, trim_whitespace=False, validators=[RegexValidator(r"^[^\x00]+$")])
    password = StringField(max_length=128, trim_whitespace=False, validators=[RegexValidator(r"^[^\x00]+$")])


class SessionSerializer(serializers.Serializer[Any]):
    """The user who is asking."""

    username = serializers.CharField(allow_null=True, read_only=True, help_text="null for a visitor")
    is_staff = serializers.BooleanField(read_only=True)
