"""Sessions, with CSRF for everyone."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.http import QueryDict
from rest_framework import authentication
from rest_framework.request import Request

__all__ = ["SessionAuthentication"]


class SessionAuthentication(authentication.SessionAuthentication):
    """Django's session. REST framework checks CSRF for those logged in; here for all.

    The token is taken from the header X-CSRFToken. To look for it in a form too would be to read a whole upload before
    it is known who sends it.
    """

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        self.enforce_csrf(request)
        return super().authenticate(request)

    def enforce_csrf(self, request: Request) -> None:
        without_body: Any = copy(request._request)
        without_body._post = QueryDict()
        super().enforce_csrf(without_body)
