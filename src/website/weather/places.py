"""Finding places by name, adding them, and keeping favourites."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from website import throttling
from website.background import enqueue
from website.text import Plain, plain
from website.weather import sources
from website.weather.caching import cached
from website.weather.models import Favourite, Place
from website.weather.upstream import Match

__all__ = ["NotFound", "add", "listing", "matching", "search", "set_favourite"]

logger = logging.getLogger(__name__)

LONGEST_NAME = 100
# Places do not move: so long (seconds) the same question is not asked again.
KEPT = 24 * 3600


class NotFound(Exception):
    """No place of this id is among those that are found by this name."""


def listing(user: AbstractBaseUser | AnonymousUser, text: str = "") -> QuerySet[Place]:
    """The places with *text* in their name, region or country; the favourites of *user*, as ``is_favourite``, first."""
    found = matching(Place.objects.all(), text)
    if not user.is_authenticated:
        return found.annotate(is_favourite=Value(False)).order_by("name", "pk")
    mine = Favourite.objects.filter(user_id=user.pk, place=OuterRef("pk"))
    return found.annotate(is_favourite=Exists(mine)).order_by("-is_favourite", "name", "pk")


def matching(found: QuerySet[Place], text: str) -> QuerySet[Place]:
    """The places of *found* that have every word of *text* in their name, region or country: as plain() sees it."""
    for word in plain(text).split():
        found = found.alias(plain=Plain(Concat("name", Value(" "), "region", Value(" "), "country"))).filter(
            plain__contains=word
        )
    return found


def search(name: str, language: str, user: Any) -> Sequence[Match]:
    """The places of the world that are called *name*, for *user*.

    Raises an UpstreamError where nobody can be asked, and TooOften where *user* has asked as often as UPSTREAM allows.
    """
    name = " ".join(name.split())[:LONGEST_NAME]
    if len(name) < 2:  # the upstream finds none
        return []
    throttling.count(throttling.UPSTREAM, throttling.digest(f"user:{user.pk}"))
    return cached(
        f"weather:search:{language}:{name.casefold()}", KEPT, lambda: sources.for_visitors().search(name, language)
    )


def add(name: str, key: int, language: str, user: Any) -> tuple[Place, bool]:
    """The place with GeoNames' id *key* among those called *name*, and whether it is new; its weather is then fetched.

    What is stored is what the upstream says, not what a client does. Raises NotFound, and what search() raises.
    """
    known = Place.objects.filter(geonames_id=key).first()
    if known is not None:
        return known, False
    match = next((one for one in search(name, language, user) if one.id == key), None)
    if match is None:
        raise NotFound
    place, made = Place.objects.get_or_create(
        geonames_id=match.id,
        defaults={
            "name": match.name,
            "region": match.region,
            "country": match.country,
            "latitude": match.latitude,
            "longitude": match.longitude,
            "timezone": match.timezone,
            "added_by": user,
        },
    )
    if made:
        enqueue("weather.fetch_place", place.pk)
    return place, made


def set_favourite(user: Any, place: Place, favourite: bool) -> None:
    """Make *place* one of the user's favourites, or one no more."""
    if favourite:
        Favourite.objects.bulk_create([Favourite(user=user, place=place)], ignore_conflicts=True)
    else:
        Favourite.objects.filter(user=user, place=place).delete()
