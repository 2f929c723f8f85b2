"""The admin of the weather: places, answers in quarantine, and results of the tasks."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from website.background import enqueue
from website.weather.models import Forecast, Place, Quarantined

__all__: list[str] = []


@admin.register(Place)
class PlaceAdmin(admin.ModelAdmin):
    list_display = ["name", "region", "country", "fetched_at", "failure", "added_by"]
    list_filter = [("failure", admin.EmptyFieldListFilter), "country"]
    search_fields = ["name", "region", "country"]
    readonly_fields = ["fetched_at", "failure", "added_by"]
    list_select_related = ["added_by"]
    actions = ["fetch"]
    show_full_result_count = False

    @admin.action(description=_("Relever la météo maintenant"))
    def fetch(self, request: HttpRequest, queryset: QuerySet[Place]) -> None:
        queryset.update(fetched_at=None)
        for place in queryset:
            enqueue("weather.fetch_place", place.pk)
        self.message_user(request, _("Les relevés sont demandés."))


@admin.register(Forecast)
class ForecastAdmin(admin.ModelAdmin):
    list_display = ["place", "issued_at", "sample"]
    list_select_related = ["place"]
    search_fields = ["place__name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Forecast | None = None) -> bool:
        return False


@admin.register(Quarantined)
class QuarantinedAdmin(admin.ModelAdmin):
    list_display = ["received_at", "place", "reason"]
    list_select_related = ["place"]
    date_hierarchy = "received_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Quarantined | None = None) -> bool:
        return False
