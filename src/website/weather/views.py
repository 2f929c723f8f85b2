"""The API under /api/weather/: anyone reads, users add places and keep favourites. schema.py describes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from website.api.exceptions import Unavailable
from website.api.pagination import page
from website.api.permissions import StaffOrReadOnly, UsersOrReadOnly
from website.weather import history, places
from website.weather.caching import cached
from website.weather.models import Forecast, Place
from website.weather.queries import HistoryQuery, PlacesQuery, SearchQuery, days
from website.weather.serializers import (
    AddPlaceSerializer,
    DaySerializer,
    FavouriteSerializer,
    ForecastSerializer,
    LatestSerializer,
    MatchSerializer,
    ObservationSerializer,
    PlacePageSerializer,
    PlaceSerializer,
)
from website.weather.upstream import UpstreamError

__all__: list[str] = []

# Kept by browsers, and asked about each time: what has not changed, by the ETag of its content, is a 304.
revalidated = [cache_control(no_cache=True), conditional_page]

# Seconds that an answer made of observations is kept. It is made anew as soon as there is new weather in any case.
KEPT = 300


@method_decorator(revalidated, name="get")
class Places(APIView):
    permission_classes = [UsersOrReadOnly]

    def get(self, request: Request) -> Response:
        """A part of the list of places, by name."""
        query = PlacesQuery.read(request.query_params)
        found = places.matching(Place.objects.all(), query.get("text", ""))
        part = page(found, ordering="name", size=query["page_size"], cursor=query.get("cursor", ""))
        return Response(PlacePageSerializer(part.as_data()).data)

    def post(self, request: Request) -> Response:
        """Add a place of those that `search` finds; 200 where the site has it already. For users."""
        serializer = AddPlaceSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        name, key = serializer.validated_data["name"], serializer.validated_data["geonames_id"]
        try:
            place, made = places.add(name, key, get_language(), request.user)
        except UpstreamError as error:
            raise _away(error) from None
        except places.NotFound:
            detail = ErrorDetail(_("Aucun lieu de ce nom n’a cet identifiant."), code="not_found")
            raise ValidationError({"geonames_id": [detail]}) from None
        return Response(PlaceSerializer(place).data, status=201 if made else 200)


@method_decorator(revalidated, name="get")
class OnePlace(APIView):
    permission_classes = [StaffOrReadOnly]

    def get(self, request: Request, pk: int) -> Response:
        """A place."""
        return Response(PlaceSerializer(get_object_or_404(Place, pk=pk)).data)

    def delete(self, request: Request, pk: int) -> Response:
        """Take a place away, with all that was observed there. For staff."""
        get_object_or_404(Place, pk=pk).delete()
        return Response(status=204)


class OneFavourite(APIView):
    permission_classes = [IsAuthenticated]

    def put(self, request: Request, pk: int) -> Response:
        """Make a place one of your favourites, or one no more."""
        place = get_object_or_404(Place, pk=pk)
        serializer = FavouriteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        places.set_favourite(request.user, place, serializer.validated_data["favourite"])
        return Response(serializer.data)


@method_decorator(cache_control(private=True, max_age=KEPT), name="get")
class Search(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        """Places of the world by their name. For users: the upstream is asked."""
        try:
            found = places.search(SearchQuery.read(request.query_params)["name"], get_language(), request.user)
        except UpstreamError as error:
            raise _away(error) from None
        return Response(MatchSerializer(found, many=True).data)


@method_decorator(revalidated, name="get")
class Latest(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request, pk: int) -> Response:
        """The newest observation of a place."""
        place = get_object_or_404(Place, pk=pk)
        found = history.latest([place]).get(place.pk)
        observation = found and found.observation
        return Response(
            LatestSerializer(
                {
                    "observation": observation,
                    # Of the answer's minute, so that it has an ETag for longer than an instant.
                    "age_seconds": found and int(found.age.total_seconds()) // 60 * 60,
                    "sample": bool(observation and observation.sample),
                }
            ).data
        )


@method_decorator(revalidated, name="get")
class History(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request, pk: int) -> Response:
        """The observations, hour by hour (31 days at most) or day by day (three years at most)."""
        place = get_object_or_404(Place, pk=pk)
        query = HistoryQuery.read(request.query_params)
        first, last = days(place, query)

        def make() -> dict[str, Any]:
            by_hour = query["resolution"] == "hour"
            hours = list(history.by_hour(place, first, last)) if by_hour else []
            summaries = [] if by_hour else history.by_day(place, first, last)
            samples = [one.sample for one in hours] + [one.sample for one in summaries]
            return {
                "resolution": query["resolution"],
                "first": first.isoformat(),
                "last": last.isoformat(),
                "sample": any(samples),
                "hours": ObservationSerializer(hours, many=True).data,
                # A serializer takes longer for a year than all the rest.
                "days": [{name: getattr(day, name) for name in DaySerializer.Meta.fields} for day in summaries],
            }

        return Response(_kept(place, f"history:{query['resolution']}:{first}:{last}", make))


@method_decorator(revalidated, name="get")
class OneForecast(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request, pk: int) -> Response:
        """The forecast of the coming days, hour by hour."""
        place = get_object_or_404(Place, pk=pk)

        def make() -> dict[str, Any]:
            found = Forecast.objects.filter(place=place).first()
            empty: dict[str, Any] = {"issued_at": None, "sample": False, "hours": []}
            return dict(ForecastSerializer(found or empty).data)

        return Response(_kept(place, "forecast", make))


def _kept(place: Place, what: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The cached value *what* of *place*, computed once after each fetch."""
    return cached(f"weather:{place.pk}:{place.fetched_at}:{what}", KEPT, make)


def _away(error: UpstreamError) -> Unavailable:
    return Unavailable(_("Le service météo ne répond pas. Réessayez plus tard."), error.wait or 60)
