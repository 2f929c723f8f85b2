"""The addresses that search engines are told of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from website.motos.models import Motorcycle, MotorcycleQuerySet, Status
from website.store.models import Album, AlbumQuerySet
from website.weather.models import Place

__all__ = ["SITEMAPS"]


class Pages(Sitemap):  # type: ignore[type-arg]  # Django's takes none when it runs
    """The pages that stand for no row."""

    def items(self) -> Sequence[str]:
        return ["home", "store:index", "store:albums", "motos", "weather:index"]

    def location(self, item: str) -> str:
        return reverse(item)


class Albums(Sitemap):  # type: ignore[type-arg]
    def items(self) -> AlbumQuerySet:
        return Album.objects.order_by("pk")

    def lastmod(self, item: Album) -> datetime:
        return item.created_at


class Motorcycles(Sitemap):  # type: ignore[type-arg]
    def items(self) -> MotorcycleQuerySet:
        return Motorcycle.objects.exclude(status=Status.SOLD).only("pk", "updated_at").order_by("pk")

    def location(self, item: Motorcycle) -> str:
        return f"{reverse('motos')}moto/{item.pk}"

    def lastmod(self, item: Motorcycle) -> datetime:
        return item.updated_at


class Places(Sitemap):  # type: ignore[type-arg]
    def items(self) -> Sequence[Place]:
        return list(Place.objects.only("pk").order_by("pk"))


SITEMAPS = {"pages": Pages, "albums": Albums, "motorcycles": Motorcycles, "places": Places}
