"""The description of the API where drf-spectacular cannot see it in the views. Loaded when the description is asked
for.
"""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_view

from website.weather import views
from website.weather.queries import HistoryQuery, PlacesQuery, SearchQuery
from website.weather.serializers import (
    AddPlaceSerializer,
    FavouriteSerializer,
    ForecastSerializer,
    HistorySerializer,
    LatestSerializer,
    MatchSerializer,
    PlacePageSerializer,
    PlaceSerializer,
)

__all__: list[str] = []

extend_schema_view(
    get=extend_schema(operation_id="listPlaces", parameters=[PlacesQuery], responses=PlacePageSerializer, auth=[]),
    post=extend_schema(
        operation_id="addPlace",
        request=AddPlaceSerializer,
        responses={200: PlaceSerializer, 201: PlaceSerializer},
        extensions={"x-problems": ["503"]},
    ),
)(views.Places)
extend_schema_view(
    get=extend_schema(operation_id="getPlace", responses=PlaceSerializer, auth=[]),
    delete=extend_schema(operation_id="deletePlace", responses={204: None}),
)(views.OnePlace)
extend_schema_view(
    put=extend_schema(operation_id="setFavourite", request=FavouriteSerializer, responses=FavouriteSerializer)
)(views.OneFavourite)
extend_schema_view(
    get=extend_schema(
        operation_id="searchPlaces",
        parameters=[SearchQuery],
        responses=MatchSerializer(many=True),
        extensions={"x-problems": ["403", "429", "503"]},
    )
)(views.Search)
extend_schema_view(get=extend_schema(operation_id="getLatest", responses=LatestSerializer, auth=[]))(views.Latest)
extend_schema_view(
    get=extend_schema(operation_id="getHistory", parameters=[HistoryQuery], responses=HistorySerializer, auth=[])
)(views.History)
extend_schema_view(get=extend_schema(operation_id="getForecast", responses=ForecastSerializer, auth=[]))(
    views.OneForecast
)
