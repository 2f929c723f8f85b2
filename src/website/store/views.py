"""The pages of the shop."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from website import throttling
from website.monitoring import event
from website.pages import form_of
from website.store import booking, visitors
from website.store.booking import AlreadyBooked
from website.store.forms import BookingForm, SearchForm
from website.store.models import ORDERS, Album, AlbumQuerySet

__all__ = ["album", "albums", "bookings", "cancel", "index", "search"]

logger = logging.getLogger(__name__)

NEWEST = 12
PER_PAGE = 12
NAMES = {
    "newest": gettext_lazy("Nouveautés"),
    "title": gettext_lazy("Titre"),
    "cheapest": gettext_lazy("Prix croissant"),
    "dearest": gettext_lazy("Prix décroissant"),
}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The twelve newest albums that can be booked."""
    return render(request, "store/index.html", {"albums": Album.objects.available().for_display()[:NEWEST]})


@require_safe
def albums(request: HttpRequest) -> HttpResponse:
    """All albums, a page at a time."""
    return render(request, "store/albums.html", _list(request, Album.objects.for_display()))


@require_http_methods(["GET", "HEAD", "POST"])
def album(request: HttpRequest, pk: int) -> HttpResponse:
    """An album, and the form that books it."""
    found = get_object_or_404(Album.objects.for_display(), pk=pk)
    form = BookingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        throttling.count(
            throttling.BOOKING, throttling.sender(request), throttling.digest(form.cleaned_data["email"].lower())
        )
        try:
            visitors.remember(request, booking.book(found, **form.cleaned_data))
        except AlreadyBooked:
            messages.error(request, _("Trop tard : quelqu’un vient de réserver cet album."))
        else:
            messages.success(request, _("C’est réservé : nous vous écrirons quand l’album vous attendra au comptoir."))
        # Either way what follows is a GET: reloading it books nothing.
        return redirect(found)
    mine = None if found.available else visitors.bookings(request).filter(album=found).first()
    return render(request, "store/album.html", {"album": found, "form": form, "mine": mine})


@require_safe
def bookings(request: HttpRequest) -> HttpResponse:
    """The visitor's bookings, each with a way to cancel it."""
    return render(request, "store/bookings.html", {"bookings": visitors.bookings(request)})


@form_of("store:bookings")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel one of the visitor's bookings. One that is cancelled already, elsewhere or by staff, is no error."""
    mine = visitors.bookings(request).filter(pk=pk).first()
    if mine is not None:
        booking.cancel(mine)
    messages.success(request, _("La réservation est annulée."))
    return redirect("store:bookings")


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The albums that match a query, a page at a time. A new query (not its next page) is an event."""
    form = SearchForm(request.GET if "query" in request.GET else None)
    found: dict[str, Any] = {"page": None}
    if form.is_valid():
        found = _list(request, Album.objects.matching(form.cleaned_data["query"]).for_display())
        if "page" not in request.GET:
            event(logger, "New search", query=form.cleaned_data["query"], hits=found["page"].paginator.count)
    return render(request, "store/search.html", {"search_form": form, **found})


def _list(request: HttpRequest, found: AlbumQuerySet) -> dict[str, Any]:
    """The page of *found* that is asked for, in the order that is asked for, and the orders that there are."""
    asked = request.GET.get("sort", "")
    sort = asked if asked in ORDERS else "newest"
    page = Paginator(found.sorted_by(sort), PER_PAGE).get_page(request.GET.get("page"))
    return {"page": page, "sort": sort, "orders": NAMES}
