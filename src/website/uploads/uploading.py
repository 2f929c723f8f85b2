"""The way of an upload, and of a deletion. Each ends with one file and one row, or with none of either.

A row comes before its file and goes after it, each in a transaction of its own: PENDING → the file is stored → STORED;
STORED → DELETING → the file is deleted → no row. Whatever fails between two steps leaves a row that says what is to be
done, and :mod:`website.uploads.sweep` does it. (docs/decisions has why.)
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from website.background import enqueue
from website.throttling import lock
from website.uploads import storage
from website.uploads.inspection import Refused, fingerprint, inspect
from website.uploads.models import Media, State, UploadRequest
from website.uploads.serializers import MediaSerializer
from website.uploads.storage import StorageError, Stored

__all__ = ["Description", "KeyReused", "NotRemembered", "StillUnderWay", "receive", "remove"]

logger = logging.getLogger(__name__)

Answer = Mapping[str, Any]

# Its fields are made once, not for each answer.
SHOWN = MediaSerializer()


@dataclass(frozen=True)
class Description:
    """The description of a file by its user."""

    title: str = ""
    tags: Sequence[str] = ()
    keep_position: bool = False


class KeyReused(Exception):
    """The key of another request, with another file or description."""


class StillUnderWay(Exception):
    """The first request with this key has no answer yet."""


class NotRemembered(Exception):
    """The database went away after the file was stored: nothing is kept in the end."""


class _Repeated(Exception):
    """The answer has been given before."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


def receive(
    request: UploadRequest, owner: Any, upload: UploadedFile[bytes], said: Description, key: str = ""
) -> Answer:
    """Keep *upload* for *owner* (None: for nobody). Return what is answered, also to the same *request* made again.

    Raises Refused for a file that is not taken, KeyReused, StillUnderWay, StorageError, NotRemembered; and nothing is
    kept then.
    """
    kind = inspect(upload)
    media = Media(
        owner=owner,
        filename=upload.name or "",
        title=said.title,
        tags=list(said.tags),
        keep_position=said.keep_position,
        mime_type=kind.mime_type,
        size_bytes=upload.size or 0,
        storage=storage.chosen(),
    )
    try:
        _admit(media, request, key, fingerprint(upload, asdict(said)) if key else "")
    except _Repeated as repeated:
        return repeated.answer
    try:
        stored = storage.get(media.storage).put(media.name, upload, media.mime_type)
    except BaseException:
        # Also where the worker is told to end.
        _undo(media)
        raise
    try:
        return _confirm(media, request, stored)
    except DatabaseError as error:
        logger.error("Upload %s is stored, but not remembered: %s", media.pk, error)
        return _settle(media)


def remove(media: Media) -> None:
    """Have no *media* any more: at once for everyone, and a moment later for the storage."""
    with transaction.atomic():
        if Media.objects.stored().filter(pk=media.pk).update(state=State.DELETING):
            enqueue("uploads.erase", str(media.pk))


def _admit(media: Media, request: UploadRequest, key: str, digest: str) -> None:
    """Remember that *media* is about to be stored."""
    if key:
        _look_up(request.sender, key, digest)
    try:
        with transaction.atomic():
            _within_quota(media)
            media.save(force_insert=True)
            if key:
                request.media, request.key, request.fingerprint = media, key, digest
                request.save(update_fields=["media", "key", "fingerprint"])
    except IntegrityError:
        # The same request, at the same instant. (Without a key there is nothing that two can have in common.)
        _look_up(request.sender, key, digest)
        raise StillUnderWay from None


def _look_up(sender: str, key: str, digest: str) -> None:
    first = UploadRequest.objects.filter(sender=sender, key=key).first()
    if first is None:
        return
    if first.fingerprint != digest:
        raise KeyReused
    if first.answer is None:
        raise StillUnderWay
    raise _Repeated(first.answer)


def _within_quota(media: Media) -> None:
    if not settings.UPLOADS_QUOTA_BYTES:
        return
    # Two at once, also of nobody, are counted one after the other.
    lock(f"uploads.quota:{media.owner_id}")
    # What is under way counts, and what is not deleted yet.
    used = Media.objects.filter(owner=media.owner_id).aggregate(used=Sum("size_bytes"))["used"] or 0
    if used + media.size_bytes > settings.UPLOADS_QUOTA_BYTES:
        raise Refused(
            _("Avec ce fichier vous dépasseriez vos %(size)s.")
            % {"size": filesizeformat(settings.UPLOADS_QUOTA_BYTES)},
            "over_quota",
        )


def _confirm(media: Media, request: UploadRequest, stored: Stored) -> Answer:
    media.state, media.file_id, media.url = State.STORED, stored.file_id, stored.url
    answer: Answer = SHOWN.to_representation(media)
    # One statement is a transaction of its own: only an answer that may be asked for again makes it two.
    with transaction.atomic() if request.key else nullcontext():
        pending = Media.objects.filter(pk=media.pk, state=State.PENDING)
        if not pending.update(state=media.state, file_id=media.file_id, url=media.url):
            raise DatabaseError("it took so long that the sweep has taken it for abandoned")
        if request.key:
            request.answer = answer
            request.save(update_fields=["answer"])
        enqueue("uploads.project", str(media.pk))
    return answer


def _settle(media: Media) -> Answer:
    """Find out what happened after a failure of unknown outcome: the database decides, if it answers."""
    connection.close()
    try:
        stored = Media.objects.stored().filter(pk=media.pk).first()
        if stored is not None:
            return SHOWN.to_representation(stored)
    except DatabaseError:
        # The sweep will find out.
        raise NotRemembered from None
    _undo(media)
    raise NotRemembered


def _undo(media: Media) -> None:
    """Undo an upload that failed. If that fails too, the sweep does it later."""
    try:
        storage.get(media.storage).delete(media.name, "")
    except StorageError as error:
        logger.warning("Upload %s failed, and its file may be left: the sweep will look: %s", media.pk, error)
        return
    try:
        with transaction.atomic():
            UploadRequest.objects.filter(media=media.pk).update(key="", fingerprint="", media=None)
            Media.objects.filter(pk=media.pk, state=State.PENDING).delete()
    except DatabaseError as error:
        logger.warning("Upload %s failed, and its row is left to the sweep: %s", media.pk, error)
