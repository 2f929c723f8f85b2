"""What REST framework has no exception for."""

from __future__ import annotations

from http import HTTPStatus

from rest_framework import exceptions

__all__ = ["InvalidQuery", "NoSuchPage", "TooLarge"]


class InvalidQuery(exceptions.ValidationError):
    """Query parameters that cannot be understood. As ValidationError, but its errors name parameters."""


class NoSuchPage(InvalidQuery):
    """404: a cursor that is not one of the list that it is given to."""

    status_code = HTTPStatus.NOT_FOUND


class TooLarge(exceptions.APIException):
    """413: the body, or a part of it, is larger than what is read."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
