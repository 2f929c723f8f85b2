"""An id for each request: in its log lines, in its answer, and the one that a proxy gave it where it did."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

__all__ = ["current", "middleware"]

current: ContextVar[str | None] = ContextVar("request_id", default=None)

ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Take the id from X-Request-ID where it looks like one, else make one; answer with it."""

    def answer(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if ACCEPTABLE.fullmatch(given) else uuid4().hex
        token = current.set(request_id)
        try:
            response = get_response(request)
        finally:
            current.reset(token)
        response["X-Request-ID"] = request_id
        return response

    return answer
