"""The questions that the API answers about the weather."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from rest_framework import serializers

from website.api.exceptions import InvalidQuery
from website.api.fields import DateField
from website.api.queries import Query
from website.weather.models import Place
from website.weather.places import LONGEST_NAME
from website.weather.summaries import today

__all__ = ["HistoryQuery", "PlacesQuery", "SearchQuery", "days"]

EARLIEST = date(1940, 1, 1)
"""The first day that any of Open-Meteo's archives knows."""

MOST_DAYS = {"hour": 31, "day": 3 * 366}
"""The longest range of each resolution."""

USUAL_DAYS = {"hour": 3, "day": 30}


class PlacesQuery(Query):
    text = serializers.CharField(
        max_length=LONGEST_NAME,
        required=False,
        trim_whitespace=False,
        validators=[RegexValidator(r"^[^\x00]+$")],
        help_text="words, each of which stands in name, region or country",
    )
    cursor = serializers.RegexField(
        r"^[A-Za-z0-9_-]+$",
        max_length=400,
        required=False,
        trim_whitespace=False,
        help_text="`next` or `previous` of another part",
    )
    page_size = serializers.IntegerField(min_value=1, max_value=100, default=50)


class SearchQuery(Query):
    name = serializers.CharField(
        min_length=2,
        max_length=LONGEST_NAME,
        trim_whitespace=False,
        validators=[RegexValidator(r"^[^\x00]+$")],
        help_text="of a place anywhere in the world",
    )


class HistoryQuery(Query):
    resolution = serializers.ChoiceField(choices=["hour", "day"], default="hour")
    first = DateField(
        required=False,
        help_text="of the place's own calendar; 3 or 30 days before `last`. "
        "By hour 31 days at most, by day three years",
    )
    last = DateField(required=False, help_text="of the place's own calendar; today if not given")


def days(place: Place, query: dict[str, Any]) -> tuple[date, date]:
    """The first and the last day that *query*, as HistoryQuery reads it, asks for. Raises InvalidQuery for no range."""
    now, resolution = today(place.timezone), query["resolution"]
    last = query.get("last", now)
    if not EARLIEST <= last <= now:
        raise _refusal("last", _("De 1940 à aujourd’hui."), "absurd")
    first = query.get("first", max(EARLIEST, last - timedelta(days=USUAL_DAYS[resolution] - 1)))
    if not EARLIEST <= first <= now:
        raise _refusal("first", _("De 1940 à aujourd’hui."), "absurd")
    if first > last:
        raise _refusal("first", _("Le premier jour vient après le dernier."), "reversed")
    most = MOST_DAYS[resolution]
    if (last - first).days >= most:
        raise _refusal("first", _("%(count)d jours au plus à cette résolution.") % {"count": most}, "too_long")
    return first, last


def _refusal(name: str, reason: str, code: str) -> InvalidQuery:
    return InvalidQuery({name: [serializers.ErrorDetail(reason, code=code)]})
