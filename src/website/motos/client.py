"""The Angular client: one page for every address under /motos/. Its files are static files, named by their content.

The page comes from the release that answers, never from a cache: what it names is in the static files of that release.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import conditional_page, require_safe

__all__ = ["page"]

MOTORCYCLE = re.compile(r"moto/([0-9]{1,18})")
PLAIN = b"/motos/plain/"
# Where `npm run build` in frontend/ puts it.
BUILT = Path(__file__).parent / "static" / "motos" / "client" / "index.html"


@require_safe
@cache_control(no_cache=True, private=True)
@conditional_page
@ensure_csrf_cookie
def page(request: HttpRequest, path: str = "") -> HttpResponse:
    """The client's page; if the client has not been built, a page that says so and links to the API."""
    built = (_read.__wrapped__ if settings.DEBUG else _read)()
    if built is None:
        return render(request, "motos/not_built.html", status=503)
    # Without a script a browser is sent on: from a motorcycle to that motorcycle.
    motorcycle = MOTORCYCLE.fullmatch(path)
    return HttpResponse(built.replace(PLAIN, PLAIN + f"{motorcycle[1]}/".encode()) if motorcycle else built)


@cache
def _read() -> bytes | None:
    return BUILT.read_bytes() if BUILT.is_file() else None
