"""The data that the API of the weather shows and takes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from website.api.fields import BooleanField, IntegerField, KnownFieldsOnly, TextField
from website.weather.models import DailySummary, Observation, Place
from website.weather.places import LONGEST_NAME

__all__ = [
    "AddPlaceSerializer",
    "DaySerializer",
    "FavouriteSerializer",
    "ForecastSerializer",
    "HistorySerializer",
    "HourSerializer",
    "LatestSerializer",
    "MatchSerializer",
    "PlacePageSerializer",
    "PlaceSerializer",
]


class PlaceSerializer(serializers.ModelSerializer[Place]):
    fetched_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="when its weather was last fetched; null: never"
    )

    class Meta:
        model = Place
        fields = [
            "id", "geonames_id", "name", "region", "country", "latitude", "longitude", "timezone", "fetched_at",
        ]  # fmt: skip
        read_only_fields = fields


class PlacePageSerializer(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True, help_text="the cursor of the page after this one")
    previous = serializers.CharField(allow_null=True, help_text="the cursor of the page before this one")
    results = PlaceSerializer(many=True)


class MatchSerializer(serializers.Serializer[Any]):
    """A place of the world, which may not be one of the site's yet."""

    id = serializers.IntegerField(help_text="GeoNames' id: `geonames_id` of a place")
    name = serializers.CharField()
    region = serializers.CharField(allow_blank=True)
    country = serializers.CharField(allow_blank=True)
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    timezone = serializers.CharField()


class AddPlaceSerializer(KnownFieldsOnly):
    name = TextField(min_length=2, max_length=LONGEST_NAME, help_text="as it was searched for")
    geonames_id = IntegerField(min_value=1, max_value=2**53, help_text="which of the places found")


class FavouriteSerializer(KnownFieldsOnly):
    favourite = BooleanField()


class HourSerializer(serializers.Serializer[Any]):
    hour = serializers.DateTimeField(help_text="its beginning")
    temperature = serializers.FloatField(help_text="°C")
    humidity = serializers.IntegerField(help_text="%")
    precipitation = serializers.FloatField(help_text="mm, in the hour before")
    wind_speed = serializers.FloatField(help_text="km/h")
    weather_code = serializers.IntegerField(help_text="WMO 4677")


class ObservationSerializer(serializers.ModelSerializer[Observation]):
    class Meta:
        model = Observation
        fields = ["hour", "temperature", "humidity", "precipitation", "wind_speed", "weather_code"]
        read_only_fields = fields


class DaySerializer(serializers.ModelSerializer[DailySummary]):
    class Meta:
        model = DailySummary
        fields = [
            "day", "temperature_min", "temperature_mean", "temperature_max", "precipitation", "wind_speed_max",
            "weather_code", "hours",
        ]  # fmt: skip
        read_only_fields = fields


class LatestSerializer(serializers.Serializer[Any]):
    observation = HourSerializer(allow_null=True, help_text="the newest; null: there is none yet")
    age_seconds = serializers.IntegerField(allow_null=True, help_text="how old it is")
    sample = serializers.BooleanField(help_text="invented: no upstream has been reached yet")


class ForecastSerializer(serializers.Serializer[Any]):
    issued_at = serializers.DateTimeField(allow_null=True, help_text="null: there is none yet")
    sample = serializers.BooleanField(help_text="invented: no upstream has been reached yet")
    hours = HourSerializer(many=True)


class HistorySerializer(serializers.Serializer[Any]):
    resolution = serializers.ChoiceField(choices=["hour", "day"])
    first = serializers.DateField()
    last = serializers.DateField()
    sample = serializers.BooleanField(help_text="some of it is invented: no upstream had been reached yet")
    hours = HourSerializer(many=True, help_text="empty where days were asked for")
    days = DaySerializer(many=True, help_text="empty where hours were asked for")
