"""The home page, and the pages for errors."""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from hashlib import sha256

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.static import serve

from website import outage, problems, request_id

__all__ = ["bad_request", "csrf_failure", "home", "media", "page_not_found", "permission_denied", "server_error"]


# What browsers show as a picture. Anything else that people uploaded is given out to be saved.
PICTURE = re.compile(r"\.(gif|jpe?g|png|webp)$", re.IGNORECASE)


# The look of the page 500, which no other file can be asked for.
STYLE = """
:root { color-scheme: light dark; --ground: #f7f2e7; --ink: #12282e; --muted: #4c6166; --link: #0e6474; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0b1b20; --ink: #eaf1ec; --muted: #a5baba; --link: #7fd0db; }
}
body { margin: 0; background: var(--ground); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif; }
main { max-width: 40rem; margin: 0 auto; padding: 15vh 1.25rem 3rem; }
h1 { font: 600 2.5rem/1.15 Georgia, serif; }
a { color: var(--link); }
.id { color: var(--muted); overflow-wrap: anywhere; }
"""
STYLE_HASH = f"'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"


def home(request: HttpRequest) -> HttpResponse:
    """The applications of the site, each with a way in."""
    return render(request, "website/home.html")


def favicon(request: HttpRequest) -> HttpResponse:
    """The icon, where browsers look for it when a page, such as the admin's, names none."""
    return redirect(static("website/favicon.svg"))


def robots(request: HttpRequest) -> HttpResponse:
    """The pages that search engines leave alone: for staff, for one person, or for programs."""
    closed = "".join(
        f"Disallow: {path}\n" for path in ("/admin/", "/account/", "/login/", "/api/", "/uploads/", "/gallery/")
    )
    sitemap = request.build_absolute_uri(reverse("sitemaps"))
    return HttpResponse(f"User-agent: *\n{closed}\nSitemap: {sitemap}\n", content_type="text/plain; charset=utf-8")


def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """The uploaded files, where the site serves them itself (SERVE_MEDIA). As in ops/nginx/site.conf: never run."""
    response = serve(request, path, document_root=settings.MEDIA_ROOT)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if not PICTURE.search(path):
        response["Content-Disposition"] = "attachment"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        if problems.concerns(request):
            return problems.response(413, _("Le corps de la requête est trop grand."))
        return render(request, "website/errors/413.html", status=413)
    if problems.concerns(request):
        return problems.response(400, _("La requête n’a pas pu être comprise."))
    return render(request, "website/errors/400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if problems.concerns(request):
        return problems.response(403, _("Vous n’avez pas accès à cette page."))
    return render(request, "website/errors/403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "website/errors/csrf.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if problems.concerns(request):
        return problems.response(404, _("Il n’y a rien à cette adresse."))
    return render(request, "website/errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page of an error. Anything may be broken, so it asks nothing of the session or the database. While the
    database is away it is 503, and says when to come back.
    """
    away = outage.concerns(sys.exc_info()[1])
    status = 503 if away else 500
    if problems.concerns(request):
        text = _("La base de données redémarre.") if away else _("Quelque chose s’est cassé de notre côté.")
        answer: HttpResponse = problems.response(status, text)
    else:
        context = {"style": STYLE, "request_id": request_id.current.get(), "away": away}
        answer = render(None, "website/errors/500.html", context, status=status)
        # This one style, and no other: whatever broke may be what gives style sheets out.
        answer._csp_update = {"style-src": [STYLE_HASH]}  # type: ignore[attr-defined]
    if away:
        answer["Retry-After"] = str(outage.SECONDS)
        answer["Cache-Control"] = "no-store"
    return answer
