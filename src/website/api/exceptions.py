"""Problems for which REST framework has no exception."""

from __future__ import annotations

from http import HTTPStatus

from rest_framework import exceptions

__all__ = ["BadGateway", "Conflict", "InvalidQuery", "NoSuchPage", "TooLarge", "Unavailable", "Unprocessable"]


class InvalidQuery(exceptions.ValidationError):
    """Query parameters that cannot be understood. As ValidationError, but its errors name parameters."""


class NoSuchPage(InvalidQuery):
    """404: a cursor that is not one of the list that it is given to."""

    status_code = HTTPStatus.NOT_FOUND


class TooLarge(exceptions.APIException):
    """413: the body, or a part of it, exceeds the limit."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class _Later(exceptions.APIException):
    """To be asked again. *wait* are seconds, told as Retry-After."""

    def __init__(self, detail: str, wait: float) -> None:
        super().__init__(detail)
        self.wait = wait


class Conflict(_Later):
    """409: another request is in the way."""

    status_code = HTTPStatus.CONFLICT
    default_code = "conflict"


class Unavailable(_Later):
    """503: a service that the answer needs is unavailable for a moment."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "unavailable"


class Unprocessable(exceptions.APIException):
    """422: the request is valid, but contradicts an earlier one."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "unprocessable"


class BadGateway(exceptions.APIException):
    """502: a service that the answer needs refuses the site."""

    status_code = HTTPStatus.BAD_GATEWAY
    default_code = "bad_gateway"
