"""The errors of a storage, in words for the person who uploads. The storage's own message goes to the log."""

from __future__ import annotations

from http import HTTPStatus

__all__ = ["StorageError", "StorageRefused", "StorageUnavailable", "TooLargeForStorage"]


class StorageError(Exception):
    """The file is not kept, or not deleted. *status* is how HTTP says so."""

    status: HTTPStatus


class StorageUnavailable(StorageError):
    """The storage does not answer, is broken, or has too much to do. *retry_after*: seconds, where it said so."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason, retry_after)
        self.reason = reason
        self.retry_after = retry_after

    def __str__(self) -> str:
        return self.reason


class StorageRefused(StorageError):
    """The storage does not work for us: a wrong key, an account that is closed or full. To ask again is of no use."""

    status = HTTPStatus.BAD_GATEWAY


class TooLargeForStorage(StorageError):
    """The file is larger than it takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
