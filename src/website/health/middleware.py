"""/ping/: the process is alive."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

__all__ = ["ping"]


def ping(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer /ping/ before anything else is touched: no host is checked, no redirect made, no session opened.

    The first middleware and no view: a container's health check asks by an address that no ALLOWED_HOSTS names.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path_info == "/ping/":
            return HttpResponse("pong\n", content_type="text/plain", headers={"Cache-Control": "no-store"})
        return get_response(request)

    return answer
