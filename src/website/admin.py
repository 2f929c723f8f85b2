"""What tasks have done, with how long they took."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django_celery_results.admin import TaskResultAdmin as GivenAdmin
from django_celery_results.models import TaskResult

__all__: list[str] = []

admin.site.unregister(TaskResult)


@admin.register(TaskResult)
class TaskResultAdmin(GivenAdmin):
    list_display: Any = ("task_name", "status", "date_created", "date_started", "duration", "worker")
    list_filter: ClassVar[Any] = ("status", "task_name", "date_created")
    show_full_result_count = False

    @admin.display(description=_("durée"))
    def duration(self, result: TaskResult) -> str:
        # celery-types does not know it yet.
        started = getattr(result, "date_started", None)
        if started is None or result.status == "STARTED":
            return "—"
        return f"{(result.date_done - started).total_seconds():.2f} s"
