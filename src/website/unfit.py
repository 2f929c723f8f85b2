"""Values that no column of the database can hold: a forged choice, a number with 400 digits, a NUL. The form that sends
them is not the site's own, and the mistake is not the site's: the answer is 400 where Django's is 500.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse

from website.views import bad_request

__all__ = ["Middleware", "concerns"]

log = logging.getLogger(__name__)

# The words of psycopg and of Django's fields, which have no class of their own for it.
WORDS = ("cannot contain NUL", "expected a number but got")


def concerns(error: Exception) -> bool:
    """Whether *error* says that a value does not fit into its column."""
    return isinstance(error, DataError) or (
        isinstance(error, ValueError | TypeError) and any(words in str(error) for words in WORDS)
    )


class Middleware:
    """Answers a value that does not fit as the caller's mistake, with a line in the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not concerns(exception):
            return None
        log.warning("a value of the request fits into no column: %s", exception)
        return bad_request(request, exception)
