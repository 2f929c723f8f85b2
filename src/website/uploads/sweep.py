"""The repair of failures that no process was there to handle: a process killed, a server away for long."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from website.background import enqueue
from website.uploads import projections, storage
from website.uploads.models import Media, State, UploadRequest
from website.uploads.projections import PROJECTIONS
from website.uploads.storage import Entry

__all__ = ["ABANDONED", "KEPT", "orphans", "rows"]

logger = logging.getLogger(__name__)

ABANDONED = timedelta(minutes=15)
"""The longest time that storing a file takes: an upload that is older has failed."""
KEPT = timedelta(days=1)
"""A request is remembered for so long."""
# A worker is on its way to what is younger.
YOUNG = timedelta(minutes=1)
# A file that no row knows may be one whose row is about to be. It is not: rows come first. An hour, all the same.
UNKNOWN = timedelta(hours=1)
AT_ONCE = 1000


def rows() -> int:
    """Repeat unfinished work, and return how many uploads that were. Deletes old requests too."""
    now = timezone.now()
    abandoned = Media.objects.filter(state=State.PENDING, created_at__lt=now - ABANDONED).update(state=State.DELETING)
    if abandoned:
        logger.warning("%s uploads never ended: they are deleted", abandoned)
    erasing = list(Media.objects.filter(state=State.DELETING).values_list("pk", flat=True)[:AT_ONCE])
    untold = Q(metadata__isnull=True)
    for name in projections.configured():
        untold |= Q(**{PROJECTIONS[name].column: None})
    telling = Media.objects.stored().filter(untold, created_at__lt=now - YOUNG).values_list("pk", flat=True)[:AT_ONCE]
    count = 0
    for task, keys in (("uploads.erase", erasing), ("uploads.project", list(telling))):
        for key in keys:
            enqueue(task, str(key))
            count += 1
    UploadRequest.objects.filter(created_at__lt=now - KEPT).delete()
    return count


def orphans(*, delete: bool) -> list[Entry]:
    """The files of the storage that no row knows; they are deleted where *delete* says so. Raises StorageError."""
    kept = storage.get(storage.chosen())
    before = timezone.now() - UNKNOWN
    found = [entry for entry in kept.entries() if entry.created_at < before]
    unknown = []
    for start in range(0, len(found), AT_ONCE):
        part = found[start : start + AT_ONCE]
        keys = {entry.name.partition(".")[0] for entry in part}
        known = {
            str(key)
            for key in Media.objects.filter(pk__in=[key for key in keys if _is_key(key)]).values_list("pk", flat=True)
        }
        unknown += [entry for entry in part if entry.name.partition(".")[0] not in known]
    for entry in unknown if delete else []:
        logger.warning("The file %s is no upload's: it is deleted", entry.name)
        kept.delete(entry.name, entry.file_id)
    return unknown


def _is_key(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
