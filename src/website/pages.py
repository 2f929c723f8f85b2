"""The common parts of pages: addresses that take forms only, and answers without a page of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from website import problems

__all__ = ["form_of", "not_allowed"]

View = Callable[..., HttpResponseBase]


def form_of(page: str, *, with_arguments: bool = False, login: bool = False) -> Callable[[View], View]:
    """A view that takes a form of *page*, the name of an address, which may have the view's own arguments.

    Whoever comes by a link, as after a login, is sent to the page. With *login* a visitor logs in first, and comes back
    to the page: what was in the form is sent once more, by hand.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def take(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            back = reverse(page, kwargs=kwargs if with_arguments else {})
            if request.method in ("GET", "HEAD"):
                return redirect(back)
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            if login and not request.user.is_authenticated:
                return redirect_to_login(back)
            return view(request, *args, **kwargs)

        return take

    return decorate


def not_allowed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a 405, which Django answers without a body, gets the page 405, and from an API a problem."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 405 or response.streaming or response.content:
            return response
        if problems.concerns(request):
            page: HttpResponse = problems.response(405, f"{request.method} is not allowed here.")
        else:
            page = render(request, "website/errors/405.html", status=405)
        page["Allow"] = response.get("Allow", "")
        return page

    return answer
