"""The one format of errors of the site's APIs: problem details, RFC 9457.

A problem has ``type``, ``title``, ``status``, ``detail`` and ``request_id`` (as in the site's log). Where input is
refused, ``errors`` says for each mistake what it is, its ``code``, and where: ``pointer`` is a JSON pointer into the
body, ``parameter`` the name of a query parameter. website.api makes them of what REST framework raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias

from django.http import HttpRequest, JsonResponse

from website import request_id

__all__ = ["APIS", "MEDIA_TYPE", "Problem", "concerns", "phrase", "problem", "response"]

MEDIA_TYPE = "application/problem+json"
# RFC 9457, 4.2.1: the title is then the status's own phrase.
BLANK = "about:blank"
INVALID = "/problems/#invalid"

# Where the APIs are.
APIS = ("/api/", "/upload/", "/uploads/")

# RFC 9110's names, which Python has since 3.13 only.
RENAMED = {413: "Content Too Large", 422: "Unprocessable Content"}

Problem: TypeAlias = dict[str, Any]


def problem(status: int, detail: str, errors: Sequence[Mapping[str, str]] = (), login: str = "") -> Problem:
    """The members of a problem. With *errors* it is invalid input, and of a type of its own; *login* says where to."""
    members: Problem = {
        "type": INVALID if errors else BLANK,
        "title": "Invalid input" if errors else phrase(status),
        "status": int(status),
        "detail": detail,
        "request_id": request_id.current.get(),
    }
    if errors:
        members["errors"] = list(errors)
    if login:
        members["login"] = login
    return members


def phrase(status: int) -> str:
    """The name of the HTTP status *status*, by RFC 9110."""
    return RENAMED.get(status) or HTTPStatus(status).phrase


def concerns(request: HttpRequest) -> bool:
    """Whether *request* is to an API: then errors outside of its views are answered as problems too."""
    return request.path_info.startswith(APIS)


def response(status: int, detail: str) -> JsonResponse:
    """A problem as an answer of Django's own, for its error handlers."""
    return JsonResponse(problem(status, detail), status=status, content_type=MEDIA_TYPE)
