"""REST framework's exceptions, told as problems."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from django.urls import reverse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from website.api.exceptions import InvalidQuery, TooLarge
from website.problems import MEDIA_TYPE, problem
from website.throttling import TooOften

__all__ = ["from_exception"]

Where: TypeAlias = tuple[str | int, ...]


def from_exception(exception: Exception, context: Mapping[str, Any]) -> Response | None:
    """REST framework's EXCEPTION_HANDLER. None for a bug of the site, which Django then handles."""
    if isinstance(exception, Http404):
        exception = exceptions.NotFound()
    elif isinstance(exception, PermissionDenied):
        exception = exceptions.PermissionDenied()
    elif isinstance(exception, TooOften):
        exception = exceptions.Throttled(exception.wait)
    elif isinstance(exception, RequestDataTooBig):
        exception = TooLarge(str(exception))
    if not isinstance(exception, exceptions.APIException):
        return None
    set_rollback()
    headers = {}
    if authenticate := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = authenticate
    wait = getattr(exception, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(math.ceil(wait))
    errors: list[Mapping[str, str]] = []
    detail = str(exception.detail)
    if isinstance(exception, exceptions.ValidationError):
        errors = list(_errors(exception))
        detail = " ".join(dict.fromkeys(error["detail"] for error in errors))
    # A session that has ended: a script is told where to log in.
    login = reverse("login") if isinstance(exception, exceptions.NotAuthenticated) else ""
    body = problem(exception.status_code, detail, errors, login)
    return Response(body, status=exception.status_code, headers=headers, content_type=MEDIA_TYPE)


def _errors(exception: exceptions.ValidationError) -> Iterator[Mapping[str, str]]:
    for where, error in _leaves(exception.detail, ()):
        path = tuple(part for part in where if part != "non_field_errors")
        if isinstance(exception, InvalidQuery):
            place = {"parameter": str(path[0])} if path else {}
        else:
            # RFC 6901: the pointer to the whole body is empty.
            place = {"pointer": "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)}
        yield {"detail": str(error), "code": str(error.code), **place}


def _leaves(detail: Any, where: Where) -> Iterator[tuple[Where, exceptions.ErrorDetail]]:
    """Every message of REST framework's nested *detail*, with the way to it."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            yield from _leaves(value, (*where, key))
    elif isinstance(detail, list | tuple):
        for index, value in enumerate(detail):
            # A list of messages is about one place; a list of mappings is about the items of a list.
            yield from _leaves(value, where if isinstance(value, exceptions.ErrorDetail) else (*where, index))
    else:
        yield where, detail
