"""The feed of arrivals: RSS, for readers and programs."""

from __future__ import annotations

from datetime import datetime

from django.contrib.syndication.views import Feed
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from website.store.models import Album, AlbumQuerySet

__all__ = ["Arrivals"]

MOST = 30


class Arrivals(Feed):  # type: ignore[type-arg]  # Django's takes none when it runs
    """The newest albums that can be booked."""

    title = _("Écluse : nouveautés de la boutique")
    description = _("Les derniers albums arrivés, en un seul exemplaire chacun.")
    link = reverse_lazy("store:index")

    def items(self) -> AlbumQuerySet:
        return Album.objects.available().for_display()[:MOST]

    def item_title(self, item: Album) -> str:
        return item.title

    def item_description(self, item: Album) -> str:
        return ", ".join(artist.name for artist in item.artists.all())

    def item_pubdate(self, item: Album) -> datetime:
        return item.created_at
