"""The admin of motorcycles, for sellers. Pictures are checked as in the API."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from website.motos import pictures
from website.motos.models import Brand, Enquiry, Model, Motorcycle, Picture

__all__: list[str] = []


class PictureForm(forms.ModelForm):
    """A picture is uploaded once; afterwards its text and place change."""

    upload = forms.FileField(label=_("fichier"), required=False)

    class Meta:
        model = Picture
        fields = ["upload", "alternative_text", "position"]

    def clean_upload(self) -> pictures.Rendition | None:
        upload = self.cleaned_data["upload"]
        if not isinstance(upload, UploadedFile):  # False where it is to be cleared, which no form of ours offers
            if self.instance.pk is None:
                raise forms.ValidationError(_("Choisissez une image."), code="required")
            return None
        try:
            return pictures.prepare(upload)
        except pictures.Refused as refusal:
            raise forms.ValidationError(refusal.reason, code=refusal.code) from None

    def save(self, commit: bool = True) -> Picture:
        rendition = self.cleaned_data["upload"]
        if rendition is not None:
            pictures.store(self.instance, rendition)
        saved: Picture = super().save(commit)
        return saved


class PictureInline(admin.TabularInline):
    model = Picture
    form = PictureForm
    extra = 1
    max_num = pictures.MOST_PICTURES
    readonly_fields = ["preview"]
    fields = ["preview", "upload", "alternative_text", "position"]

    @admin.display(description=_("aperçu"))
    def preview(self, picture: Picture) -> SafeString | str:
        return _preview(picture)


@admin.register(Brand)
class BrandAdmin(admin.ModelAdmin):
    list_display = ["name", "slug"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Model)
class ModelAdmin(admin.ModelAdmin):
    list_display = ["name", "brand"]
    list_filter = ["brand"]
    list_select_related = ["brand"]
    search_fields = ["name", "brand__name"]
    autocomplete_fields = ["brand"]


@admin.register(Motorcycle)
class MotorcycleAdmin(admin.ModelAdmin):
    list_display = ["preview", "model", "year", "price", "mileage_km", "status", "created_at"]
    list_display_links = ["preview", "model"]
    list_filter = ["status", "model__brand", "currency"]
    search_fields = ["search"]
    autocomplete_fields = ["model"]
    inlines = [PictureInline]
    list_per_page = 50
    # Of 100 000 rows the exact number is not worth a second count.
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Motorcycle]:
        return Motorcycle.objects.for_display()

    @admin.display(description=_("photo"))
    def preview(self, motorcycle: Motorcycle) -> SafeString | str:
        return _preview(motorcycle.first_picture)

    @admin.display(description=_("prix"), ordering="price_cents")
    def price(self, motorcycle: Motorcycle) -> str:
        return f"{motorcycle.price_cents / 100:.2f} {motorcycle.currency}"


@admin.register(Enquiry)
class EnquiryAdmin(admin.ModelAdmin):
    list_display = ["motorcycle", "name", "email", "answered", "created_at"]
    list_editable = ["answered"]
    list_filter = ["answered", "created_at"]
    list_select_related = ["motorcycle__model__brand"]
    search_fields = ["name", "email", "message"]
    autocomplete_fields = ["motorcycle"]
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        # They come from visitors.
        return False


def _preview(picture: Picture | None) -> SafeString | str:
    if picture is None or not picture.thumbnail:
        return "—"
    return format_html(
        '<img src="{}" width="120" height="90" alt="{}" loading="lazy">',
        picture.thumbnail.url,
        picture.alternative_text,
    )
