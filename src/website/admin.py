"""The admin of Celery's tables: results of tasks, and schedules, which are checked before they are saved."""

from __future__ import annotations

from typing import Any, ClassVar

from celery import schedules
from celery.schedules import crontab
from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_celery_beat.admin import CrontabScheduleAdmin as GivenCrontabAdmin
from django_celery_beat.models import CrontabSchedule
from django_celery_results.admin import TaskResultAdmin as GivenAdmin
from django_celery_results.models import TaskResult

__all__: list[str] = []

admin.site.site_header = admin.site.site_title = "Écluse"
admin.site.unregister([TaskResult, CrontabSchedule])


CRON = ["minute", "hour", "day_of_month", "month_of_year", "day_of_week"]


class CrontabForm(forms.ModelForm):
    """A schedule that Celery can read: the given form takes some that end beat."""

    class Meta:
        model = CrontabSchedule
        fields = [*CRON, "timezone"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in CRON:
            try:
                crontab(**{name: cleaned.get(name, "*")})
            except (schedules.ParseException, ValueError) as error:
                self.add_error(name, str(error))
        return cleaned


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(GivenCrontabAdmin):  # type: ignore[misc]  # it ships no types
    form = CrontabForm


@admin.register(TaskResult)
class TaskResultAdmin(GivenAdmin):
    list_display: Any = ("task_name", "status", "date_created", "date_started", "duration", "worker")
    list_filter: ClassVar[Any] = ("status", "task_name", "date_created")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        # Celery writes them. The given form would make one without an id, and a second one is a 500.
        return False

    @admin.display(description=_("durée"))
    def duration(self, result: TaskResult) -> str:
        # celery-types does not know it yet.
        started = getattr(result, "date_started", None)
        if started is None or result.status == "STARTED":
            return "—"
        return f"{(result.date_done - started).total_seconds():.2f} s"
