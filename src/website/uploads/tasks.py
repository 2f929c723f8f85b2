"""What is done after an upload and after a deletion, in the background: each may be done twice."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import transaction

from website.celery import app
from website.uploads import storage
from website.uploads.models import Media, State
from website.uploads.storage import StorageError

if TYPE_CHECKING:
    from celery import Task

__all__ = ["erase", "project"]

logger = logging.getLogger(__name__)


@app.task(bind=True, name="uploads.erase", max_retries=8)
def erase(self: Task[Any, Any], pk: str) -> None:
    """Delete the file of the upload *pk*, which is to have none, and then its row."""
    try:
        with transaction.atomic():
            going = Media.objects.select_for_update(skip_locked=True, of=("self",)).filter(state=State.DELETING)
            media = going.filter(pk=pk).first()
            if media is None:
                return
            storage.get(media.storage).delete(media.name, media.file_id)
            media.delete()
    except StorageError as error:
        if self.request.is_eager:
            logger.error("Upload %s was not deleted: %s", pk, error)
            return
        raise self.retry(exc=error, countdown=min(2**self.request.retries * 5, 600)) from error
    logger.info("Upload %s deleted", pk)


@app.task(bind=True, name="uploads.project", max_retries=8)
def project(self: Task[Any, Any], pk: str) -> None:
    """Tell MongoDB and Redis of the upload *pk*."""
