"""The pages of the weather: the places, one place, and what users do with them. They need no script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from website.pages import form_of
from website.weather import history, places, refreshing, zones
from website.weather.chart import NARROW, WIDE, Point, draw
from website.weather.models import Favourite, Forecast, Place
from website.weather.summaries import today
from website.weather.upstream import UpstreamError

__all__ = ["add", "favourite", "index", "place", "search"]

PER_PAGE = 24
# How far the chart goes back, and the table of days.
CHART, DAYS = timedelta(days=3), timedelta(days=7)
# Hours of a day to come without which it is not shown.
ENOUGH = 12


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The places with their latest weather, favourites first, a page at a time."""
    text = request.GET.get("text", "").replace("\0", "")[: places.LONGEST_NAME]
    page = Paginator(places.listing(request.user, text), PER_PAGE).get_page(request.GET.get("page"))
    latest = history.latest(list(page))
    entries = [(one, latest.get(one.pk)) for one in page]
    return render(
        request,
        "weather/index.html",
        {"page": page, "entries": entries, "text": text, "sample": _any_sample(latest.values())},
    )


@require_safe
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """A place: its weather now, a chart of past and coming days, and the same figures in tables."""
    found = refreshing.refresh(get_object_or_404(Place, pk=pk))
    now, zone = timezone.now(), zones.zone(found.timezone)
    latest = history.latest([found]).get(found.pk)
    here = today(found.timezone)
    observed = [one for one in history.by_hour(found, here - DAYS, here) if one.hour > now - CHART]
    forecast = Forecast.objects.filter(place=found).first()
    last = latest.observation.hour if latest else now
    # Of an old forecast the hours that have passed say nothing any more.
    coming = [hour for hour in _hours(forecast) if hour["hour"] > max(last, now - timedelta(hours=1))]
    points = [
        *(Point(one.hour, one.temperature, one.precipitation, True) for one in observed),
        *(Point(hour["hour"], hour["temperature"], hour["precipitation"], False) for hour in coming),
    ]
    context = {
        "place": found,
        "latest": latest,
        "charts": {
            name: chart
            for name, shape in {"wide": WIDE, "narrow": NARROW}.items()
            if (chart := draw(points, now, found.timezone, shape)) is not None
        },
        "points": points,
        "past_days": history.by_day(found, here - DAYS, here),
        "coming_days": list(_days(coming, zone)),
        "forecast": forecast,
        "today": here,
        "zone": zone,
        "sample": _any_sample([latest]) or (forecast is not None and forecast.sample),
        "is_favourite": request.user.is_authenticated
        and Favourite.objects.filter(user_id=request.user.pk, place=found).exists(),
        "alone": settings.CELERY_TASK_ALWAYS_EAGER,
    }
    return render(request, "weather/place.html", context)


@require_safe
@login_required
def search(request: HttpRequest) -> HttpResponse:
    """Places of the world by their name, to add one."""
    name = request.GET.get("name", "").replace("\0", "")
    context: dict[str, Any] = {"name": name}
    try:
        context["matches"] = places.search(name, get_language(), request.user)
    except UpstreamError:
        messages.error(request, _("Le service météo ne répond pas. Réessayez plus tard."))
    return render(request, "weather/search.html", context)


@form_of("weather:index", login=True)
def add(request: HttpRequest) -> HttpResponse:
    """Add one of the places that a search has found."""
    key = request.POST.get("geonames_id", "")
    try:
        if not (key.isascii() and key.isdigit() and len(key) < 16):
            raise places.NotFound
        found, made = places.add(request.POST.get("name", "").replace("\0", ""), int(key), get_language(), request.user)
    except places.NotFound:
        messages.error(request, _("Aucun lieu de ce nom n’a cet identifiant."))
        return redirect("weather:index")
    except UpstreamError:
        messages.error(request, _("Le service météo ne répond pas. Réessayez plus tard."))
        return redirect("weather:index")
    if made:
        messages.success(request, _("%(place)s est ajouté : ses relevés arrivent.") % {"place": found})
    return redirect(found)


@form_of("weather:place", with_arguments=True, login=True)
def favourite(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a place a favourite, or one no more."""
    found = get_object_or_404(Place, pk=pk)
    places.set_favourite(request.user, found, request.POST.get("favourite") == "1")
    return redirect(found)


@dataclass(frozen=True)
class Day:
    """The forecast of a day."""

    day: date
    temperature_min: float
    temperature_max: float
    precipitation: float
    wind_speed_max: float
    weather_code: int


def _days(hours: Sequence[dict[str, Any]], zone: ZoneInfo) -> Iterable[Day]:
    first = hours[0]["hour"].astimezone(zone).date() if hours else None
    for day, group in groupby(hours, key=lambda hour: hour["hour"].astimezone(zone).date()):
        of_day = list(group)
        # Forecasts end with Greenwich's day: of the place's own there may be an hour, which says nothing of it.
        if day != first and len(of_day) < ENOUGH:
            continue
        yield Day(
            day,
            min(hour["temperature"] for hour in of_day),
            max(hour["temperature"] for hour in of_day),
            sum(hour["precipitation"] for hour in of_day),
            max(hour["wind_speed"] for hour in of_day),
            max(hour["weather_code"] for hour in of_day),
        )


def _hours(forecast: Forecast | None) -> list[dict[str, Any]]:
    hours = forecast.hours if forecast else []
    return [{**hour, "hour": datetime.fromisoformat(hour["hour"])} for hour in hours]


def _any_sample(latest: Iterable[history.Latest | None]) -> bool:
    return any(one is not None and one.observation.sample for one in latest)
