"""The admin of uploads: staff can look at them, and delete them as the site's pages do."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from website.uploads import uploading
from website.uploads.models import Media

__all__: list[str] = []


@admin.register(Media)
class MediaAdmin(admin.ModelAdmin):
    list_display = ["filename", "title", "owner", "mime_type", "size_bytes", "state", "created_at"]
    list_filter = ["state", "mime_type", "storage", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["filename", "title", "owner__username"]
    date_hierarchy = "created_at"
    # Of 100 000 rows the exact number is not worth a second count.
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        # They come with a file.
        return False

    def has_change_permission(self, request: HttpRequest, obj: Media | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Media) -> None:
        uploading.remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Media]) -> None:
        for media in queryset:
            uploading.remove(media)
