"""The work after an upload and after a deletion, in the background. Each task may run twice without harm."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from website.celery import app
from website.uploads import metadata, projections, storage, sweep
from website.uploads.models import Media, State, UploadRequest
from website.uploads.projections import PROJECTIONS, ProjectionUnavailable
from website.uploads.storage import StorageError

if TYPE_CHECKING:
    from celery import Task

__all__ = ["erase", "project", "sweep_rows", "sweep_storage"]

logger = logging.getLogger(__name__)


@app.task(bind=True, name="uploads.project", max_retries=8)
def project(self: Task[Any, Any], pk: str) -> None:
    """Read the metadata of the upload *pk*, and write it to MongoDB and Redis where it is missing."""
    try:
        _read(pk)
        _tell(pk)
    except (ProjectionUnavailable, StorageError) as error:
        _later(self, f"Upload {pk} is not told everywhere", error)


@app.task(bind=True, name="uploads.erase", max_retries=8)
def erase(self: Task[Any, Any], pk: str) -> None:
    """Delete the upload *pk*: its file, its copies in the projections, and last its row."""
    try:
        with transaction.atomic():
            # Another worker that is at it holds the row.
            going = Media.objects.select_for_update(skip_locked=True, of=("self",)).filter(state=State.DELETING)
            media = going.filter(pk=pk).first()
            if media is None:
                return
            for name in projections.configured():
                projections.get(name).remove([media.pk])
            storage.get(media.storage).delete(media.name, media.file_id)
            # Whoever got no answer may ask again.
            UploadRequest.objects.filter(media=media, answer__isnull=True).update(key="", fingerprint="")
            media.delete()
    except (ProjectionUnavailable, StorageError) as error:
        _later(self, f"Upload {pk} was not deleted", error)
        return
    logger.info("Upload %s deleted", pk)


@app.task(name="uploads.sweep_rows")
def sweep_rows() -> int:
    """Finish what failures left: incomplete rows, and projections without an entry. Beat calls it."""
    return sweep.rows()


@app.task(name="uploads.sweep_storage")
def sweep_storage() -> int:
    """Delete the files that no row knows. Beat calls it."""
    return len(sweep.orphans(delete=True))


def _read(pk: str) -> None:
    media = Media.objects.stored().filter(pk=pk, metadata__isnull=True).first()
    if media is None:
        return
    # No row is held meanwhile: this may take a while.
    with storage.get(media.storage).open(media.file_id, media.url) as file:
        found = metadata.read(file, media.mime_type, keep_position=media.keep_position)
    Media.objects.filter(pk=pk).update(metadata=found)


def _tell(pk: str) -> None:
    failed = None
    with transaction.atomic():
        # Held, so that nobody deletes it now and it is told of afterwards.
        media = (
            Media.objects.select_for_update(skip_locked=True, of=("self",)).filter(state=State.STORED, pk=pk).first()
        )
        if media is None:
            return
        for name in projections.configured():
            column = PROJECTIONS[name].column
            if getattr(media, column) is None:
                try:
                    projections.get(name).write([media])
                except ProjectionUnavailable as error:
                    # The other one is told all the same.
                    failed = error
                else:
                    setattr(media, column, timezone.now())
        media.save(update_fields=[place.column for place in PROJECTIONS.values()])
    if failed:
        raise failed


def _later(task: Task[Any, Any], what: str, error: Exception) -> None:
    """Try again, later and later: by a worker. Here and now there is no later, but the sweep."""
    if task.request.is_eager:
        logger.error("%s: %s", what, error)
        return
    raise task.retry(exc=error, countdown=min(2**task.request.retries * 5, 600)) from error
