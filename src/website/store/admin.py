"""The shop's admin. Lists use select_related: a hundred rows take no more queries than one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminFileWidget
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from website.store import sleeves
from website.store.booking import cancel, keep
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


class AlbumForm(forms.ModelForm):
    """The form's field for a picture. sleeves.prepare() converts the upload before it is stored."""

    upload = forms.FileField(
        label=_("pochette"),
        required=False,
        widget=AdminFileWidget,
        help_text=_("JPEG, PNG ou WebP, 10 Mio au plus. Sans image, une pochette est dessinée."),
    )

    class Meta:
        model = Album
        fields = ["title", "reference", "artists", "price", "upload", "available", "created_at"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["upload"] = self.instance.picture

    def clean_upload(self) -> Any:
        """A Rendition of a new picture; False where the picture is to go; else the picture that there is."""
        upload = self.cleaned_data["upload"]
        if not isinstance(upload, UploadedFile):
            return upload
        try:
            return sleeves.prepare(upload)
        except sleeves.Refused as refusal:
            raise forms.ValidationError(refusal.reason, code=refusal.code) from None

    def save(self, commit: bool = True) -> Album:
        picture = self.cleaned_data["upload"]
        if isinstance(picture, sleeves.Rendition):
            sleeves.store(self.instance, picture)
        elif picture is False:
            sleeves.clear(self.instance)
        saved: Album = super().save(commit)
        return saved


@admin.register(Album)
class AlbumAdmin(admin.ModelAdmin):
    form = AlbumForm
    fields = [*AlbumForm.Meta.fields]
    list_display = ["title", "artist_names", "reference", "price", "available", "created_at"]
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

    def save_model(self, request: HttpRequest, obj: Booking, form: Any, change: bool) -> None:
        keep(obj)

    @admin.action(description=_("Annuler et remettre les albums en vente"), permissions=["delete"])
    def put_back_on_sale(self, request: HttpRequest, bookings: QuerySet[Booking]) -> None:
        for booking in bookings:
            cancel(booking)
