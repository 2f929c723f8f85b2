"""The pages of the shop."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from website import throttling
from website.monitoring import event
from website.store.booking import AlreadyBooked, book
from website.store.forms import BookingForm, SearchForm
from website.store.models import Album, AlbumQuerySet

__all__ = ["album", "albums", "index", "search"]

logger = logging.getLogger(__name__)

NEWEST = 12
PER_PAGE = 12


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The twelve newest albums that can be booked."""
    return render(request, "store/index.html", {"albums": Album.objects.available().for_display()[:NEWEST]})


@require_safe
def albums(request: HttpRequest) -> HttpResponse:
    """All albums, newest first, a page at a time."""
    return render(request, "store/albums.html", {"page": _page(request, Album.objects.for_display())})


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
            book(found, **form.cleaned_data)
        except AlreadyBooked:
            messages.error(request, _("Trop tard : quelqu’un vient de réserver cet album."))
        else:
            messages.success(request, _("C’est réservé : nous vous écrirons quand l’album vous attendra au comptoir."))
        # Either way what follows is a GET: reloading it books nothing.
        return redirect(found)
    return render(request, "store/album.html", {"album": found, "form": form})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The albums that match a query, a page at a time. A new query (not its next page) is an event."""
    form = SearchForm(request.GET if "query" in request.GET else None)
    page = None
    if form.is_valid():
        page = _page(request, Album.objects.matching(form.cleaned_data["query"]).for_display())
        if "page" not in request.GET:
            event(logger, "New search", query=form.cleaned_data["query"], hits=page.paginator.count)
    return render(request, "store/search.html", {"search_form": form, "page": page})


def _page(request: HttpRequest, found: AlbumQuerySet) -> Page[Album]:
    return Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
