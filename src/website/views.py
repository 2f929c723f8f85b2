"""The home page, and the pages of what went wrong."""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.static import serve

from website import problems

__all__ = ["bad_request", "csrf_failure", "home", "media", "page_not_found", "permission_denied", "server_error"]


# What browsers show as a picture. Anything else that people uploaded is given out to be saved.
PICTURE = re.compile(r"\.(gif|jpe?g|png|webp)$", re.IGNORECASE)


def home(request: HttpRequest) -> HttpResponse:
    """The applications of the site, each with a way in."""
    return render(request, "website/home.html")


def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """What people uploaded, where the site gives it out itself (SERVE_MEDIA). As ops/nginx/site.conf: never run."""
    response = serve(request, path, document_root=settings.MEDIA_ROOT)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if not PICTURE.search(path):
        response["Content-Disposition"] = "attachment"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if problems.concerns(request):
        return problems.response(400, _("La requête n'a pas pu être comprise."))
    return render(request, "website/errors/400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if problems.concerns(request):
        return problems.response(403, _("Vous n'avez pas accès à cette page."))
    return render(request, "website/errors/403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "website/errors/csrf.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if problems.concerns(request):
        return problems.response(404, _("Il n'y a rien à cette adresse."))
    return render(request, "website/errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """What broke may be anything: this page asks nothing of the session or the database."""
    if problems.concerns(request):
        return problems.response(500, _("Quelque chose s'est cassé de notre côté."))
    return render(None, "website/errors/500.html", status=500)
