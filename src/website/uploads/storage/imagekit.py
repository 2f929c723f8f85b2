"""Files at ImageKit, by its official SDK. Its API: https://imagekit.io/docs/api-reference.

A file's name is ours and never another's, and a file of the same name is replaced: so storing may be tried again, also
where it is not known whether it has been done.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Any

import httpx
from django.conf import settings
from django.core.files import File
from imagekitio import APIConnectionError, APIError, APIStatusError, DefaultHttpxClient, ImageKit
from imagekitio.types import File as Asset

from website.uploads.storage import Entry, Stored
from website.uploads.storage.errors import StorageError, StorageRefused, StorageUnavailable, TooLargeForStorage

__all__ = ["FOLDER", "ImageKitStorage"]

logger = logging.getLogger(__name__)

FOLDER = "/uploads"

# Seconds. The front server waits 35 for an answer.
TIMEOUT = httpx.Timeout(10, connect=3)
PATIENCE = 20.0
ATTEMPTS = 3
FIRST_PAUSE = 0.3
CHECK_TIMEOUT = 3.0
# The most that a list has: https://imagekit.io/docs/api-reference/digital-asset-management-dam/list-and-search-assets
PAGE = 1000
# A file that is too large is a 400; its message is all that tells. (By plan and kind the limits are 25 MB to 2 GB.)
TOO_LARGE = re.compile(
    r"\bsize\b.*(exceed|limit|large|max)|(exceed|limit|large|max).*\bsize\b", re.IGNORECASE | re.DOTALL
)


class ImageKitStorage:
    """An account of ImageKit."""

    def __init__(self) -> None:
        # All of them share its connections, which stay open.
        self.http = DefaultHttpxClient(timeout=TIMEOUT)
        self.client = ImageKit(
            private_key=settings.IMAGEKIT["PRIVATE_KEY"],
            base_url=settings.IMAGEKIT_API_URL or None,
            timeout=TIMEOUT,
            http_client=self.http,
        )
        # The SDK would try a file again itself, from where it has been read to: its end.
        self.sender = self.client.with_options(max_retries=0)

    def put(self, name: str, content: File[Any], mime_type: str) -> Stored:
        began = time.monotonic()
        pause = FIRST_PAUSE
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._put(name, content, mime_type)
            except StorageUnavailable as error:
                pause = max(pause, error.retry_after or 0)
                if attempt == ATTEMPTS or time.monotonic() - began + pause > PATIENCE:
                    raise
                logger.info("%s is sent to ImageKit again in %.1f s: %s", name, pause, error)
                time.sleep(pause)
                pause *= 2
        raise AssertionError("not reached")

    def _put(self, name: str, content: File[Any], mime_type: str) -> Stored:
        file = _opened(content)
        file.seek(0)
        with _told():
            answer = self.sender.files.upload(
                file=(name, file, mime_type),
                file_name=name,
                folder=FOLDER,
                use_unique_file_name=False,
                overwrite_file=True,
            )
        if not answer.file_id or not answer.url:
            raise StorageUnavailable(f"ImageKit answered without fileId or url: {answer}")
        # What is no picture is saved, not shown.
        attachment = "" if mime_type.startswith("image/") else "?ik-attachment=true"
        return Stored(file_id=answer.file_id, url=answer.url + attachment)

    @contextlib.contextmanager
    def open(self, file_id: str, url: str) -> Iterator[IO[bytes]]:
        if not url.startswith(settings.IMAGEKIT["URL_ENDPOINT"].rstrip("/") + "/"):
            raise StorageRefused(f"{url} is not at IMAGEKIT_URL_ENDPOINT")
        with tempfile.TemporaryFile() as copy:
            # The file as it was sent: by default pictures are made smaller, and lose their EXIF.
            with (
                _told(),
                self.http.stream(
                    "GET", httpx.URL(url).copy_with(query=b"tr=orig-true"), follow_redirects=False
                ) as answer,
            ):
                answer.raise_for_status()
                for chunk in answer.iter_bytes():
                    copy.write(chunk)
            copy.seek(0)
            yield copy

    def delete(self, name: str, file_id: str) -> None:
        with _told():
            ids = [file_id] if file_id else [entry.file_id for entry in self._find(f'name = "{name}"', skip=0)]
            for found in ids:
                try:
                    self.client.files.delete(found)
                except APIStatusError as error:
                    if error.status_code != 404:
                        raise

    def entries(self) -> Iterator[Entry]:
        skip = 0
        while True:
            with _told():
                found = self._find("", skip)
            yield from found
            if len(found) < PAGE:
                return
            skip += PAGE

    def check(self) -> None:
        with _told():
            self.sender.assets.list(limit=1, timeout=CHECK_TIMEOUT)

    def _find(self, query: str, skip: int) -> list[Entry]:
        search: dict[str, Any] = {"search_query": f'{query} AND path : "{FOLDER}"'} if query else {"path": FOLDER}
        found = self.client.assets.list(**search, type="file", sort="ASC_CREATED", limit=PAGE, skip=skip)
        return [
            Entry(asset.name or "", asset.file_id, asset.created_at or datetime.now(UTC))
            for asset in found
            if isinstance(asset, Asset) and asset.file_id
        ]


def _opened(content: Any) -> IO[bytes]:
    """The file that Django's wrappers wrap. The SDK takes no other, and reads one in pieces where it is open."""
    while not isinstance(content, io.IOBase):
        content = content.file
    return content  # type: ignore[return-value]


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Errors of the SDK are raised as StorageError."""
    try:
        yield
    except APIStatusError as error:
        raise _from_status(error.response, _message(error.body)) from error
    except httpx.HTTPStatusError as error:
        raise _from_status(error.response, "") from error
    except (APIConnectionError, httpx.TransportError) as error:
        raise StorageUnavailable(f"ImageKit does not answer: {error}") from error
    except APIError as error:
        raise StorageUnavailable(f"ImageKit answered something else: {error}") from error


def _from_status(answer: httpx.Response, message: str) -> StorageError:
    status = answer.status_code
    reason = f"ImageKit answered {status}: {message} ({answer.headers.get('x-ik-requestid', 'no request id')})"
    if status == 413 or (status == 400 and TOO_LARGE.search(message)):
        return TooLargeForStorage(reason)
    if status == 429 or status >= 500 or status == 408:
        return StorageUnavailable(reason, _retry_after(answer.headers))
    return StorageRefused(reason)


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds: HTTP's own header, or ImageKit's, which has milliseconds."""
    for name, unit in (("retry-after", 1), ("x-ratelimit-reset", 1000)):
        if headers.get(name, "").isdigit():
            return int(headers[name]) / unit
    return None


def _message(body: object) -> str:
    return str(body.get("message", "")) if isinstance(body, dict) else ""
