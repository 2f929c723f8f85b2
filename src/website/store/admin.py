"""The shop's counter. Lists fetch what they show along: as many queries for a hundred rows as for one."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from website.store.booking import cancel
from website.store.models import Album, Artist, Booking, Contact

__all__: list[str] = []


@admin.register(Artist)
class ArtistAdmin(admin.ModelAdmin):
    list_display = ["name", "album_count"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Artist]:
        return Artist.objects.annotate(album_count=Count("albums"))

    @admin.display(description=_("albums"), ordering="album_count")
    def album_count(self, artist: Artist) -> int:
        return artist.album_count  # type: ignore[attr-defined,no-any-return]  # annotated above


@admin.register(Album)
class AlbumAdmin(admin.ModelAdmin):
    list_display = ["title", "artist_names", "reference", "available", "created_at"]
    list_filter = ["available", "created_at", ("artists", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["title", "reference", "artists__name"]
    autocomplete_fields = ["artists"]
    date_hierarchy = "created_at"
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Album]:
        return super().get_queryset(request).prefetch_related("artists")

    @admin.display(description=_("artistes"))
    def artist_names(self, album: Album) -> str:
        return ", ".join(artist.name for artist in album.artists.all())


@admin.register(Contact)
class ContactAdmin(admin.ModelAdmin):
    list_display = ["name", "email"]
    search_fields = ["name", "email"]


@admin.register(Booking)
class BookingAdmin(admin.ModelAdmin):
    list_display = ["album", "contact", "contacted", "created_at"]
    list_filter = ["contacted", "created_at"]
    list_select_related = ["album", "contact"]
    search_fields = ["album__title", "album__reference", "contact__name", "contact__email"]
    autocomplete_fields = ["album", "contact"]
    date_hierarchy = "created_at"
    actions = ["put_back_on_sale"]

    @admin.action(description=_("Annuler et remettre les albums en vente"), permissions=["delete"])
    def put_back_on_sale(self, request: HttpRequest, bookings: QuerySet[Booking]) -> None:
        for booking in bookings:
            cancel(booking)
