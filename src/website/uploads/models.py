"""The rows about uploads. PostgreSQL alone decides which uploads exist."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from website.text import harmless
from website.uploads.kinds import KINDS

__all__ = ["Media", "MediaQuerySet", "State", "UploadRequest"]


class TagsIndex(GinIndex):
    """For "has this tag" on PostgreSQL. On SQLite, which local falls back to, none."""

    def create_sql(
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Any:
        if schema_editor.connection.vendor == "postgresql":
            return super().create_sql(model, schema_editor, using, **kwargs)
        return models.Index(fields=["state"], name=self.name).create_sql(model, schema_editor, **kwargs)


class State(models.TextChoices):
    """A row is there before its file and after it: whatever fails between, the row tells which file has to go."""

    PENDING = "pending", _("en cours")
    STORED = "stored", _("gardé")
    DELETING = "deleting", _("en suppression")


class MediaQuerySet(models.QuerySet["Media"]):
    def stored(self) -> MediaQuerySet:
        """The uploads that exist for everyone but the sweep."""
        return self.filter(state=State.STORED)

    def visible_to(self, user: Any) -> MediaQuerySet:
        """Staff see all; people see their own."""
        found = self.stored()
        return found if user.is_staff else found.filter(owner=user.pk) if user.is_authenticated else found.none()

    def tagged(self, tag: str) -> MediaQuerySet:
        if connection.vendor == "postgresql":
            return self.filter(tags__contains=[tag])
        # SQLite has JSON as text, as Python writes it.
        found: Any = self.extra(where=["instr(tags, %s) > 0"], params=[json.dumps(tag)])
        return found  # type: ignore[no-any-return]  # extra() loses the class


class Media(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Nobody: who was anonymous, or has gone.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("propriétaire"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    state = models.CharField(_("état"), max_length=8, choices=State, default=State.PENDING, editable=False)
    filename = models.CharField(_("nom du fichier"), max_length=255)
    title = models.CharField(_("titre"), max_length=200, blank=True)
    tags = models.JSONField(_("mots-clés"), default=list, blank=True)
    mime_type = models.CharField(_("type"), max_length=100)
    size_bytes = models.PositiveBigIntegerField(_("taille en octets"))
    # Which storage has the file, and what it calls it: rows outlive a change of storage.
    storage = models.CharField(_("stockage"), max_length=10, editable=False)
    file_id = models.CharField(_("identifiant dans le stockage"), max_length=255, blank=True, editable=False)
    url = models.TextField(_("adresse"), blank=True, editable=False)
    # Where a picture was taken is kept for those who ask for it.
    keep_position = models.BooleanField(_("garder le lieu de prise de vue"), default=False)
    # What the file itself says: None until it has been read.
    metadata = models.JSONField(_("métadonnées"), null=True, blank=True, editable=False)
    # When MongoDB and Redis were told: None until then.
    described_at = models.DateTimeField(null=True, editable=False)
    indexed_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("envoyé le"), default=timezone.now, editable=False)

    objects = MediaQuerySet.as_manager()

    class Meta:
        db_table = "media_job"
        verbose_name = _("fichier")
        verbose_name_plural = _("fichiers")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["created_at", "id"], condition=Q(state="stored"), name="media_job_by_age"),
            models.Index(fields=["owner", "created_at", "id"], condition=Q(state="stored"), name="media_job_of_owner"),
            TagsIndex(fields=["tags"], opclasses=["jsonb_path_ops"], name="media_job_by_tag"),
            # What the sweep looks for: few at any time.
            models.Index(fields=["created_at"], condition=~Q(state="stored"), name="media_job_unsettled"),
            models.Index(
                fields=["created_at"],
                condition=Q(state="stored") & (Q(described_at=None) | Q(indexed_at=None)),
                name="media_job_to_project",
            ),
        ]
        constraints = [models.CheckConstraint(condition=Q(state__in=State.values), name="media_job_state")]

    def __str__(self) -> str:
        return harmless(self.title or self.filename)

    @property
    def name(self) -> str:
        """The file's name in its storage. It is unique, so a repeated attempt stores the same file."""
        return f"{self.pk}.{self.extension}"

    @property
    def extension(self) -> str:
        return KINDS[self.mime_type].extension

    @property
    def is_image(self) -> bool:
        return KINDS[self.mime_type].image is not None

    @property
    def thumbnail_url(self) -> str:
        """A smaller picture, where the storage makes one."""
        return f"{self.url}?tr=w-480,h-360,c-at_max_enlarge" if self.storage == "imagekit" else self.url


class UploadRequest(models.Model):
    """A request to upload: counted for the limits, and kept with its answer for as long as it may be repeated."""

    # "user:PK", or "address:" and a digest of it that only this site can make.
    sender = models.CharField(max_length=80)
    address = models.CharField(max_length=64)
    # The Idempotency-Key, where there is one; and with it a digest of what it stands for, the upload, and the answer.
    key = models.CharField(max_length=255, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    media = models.ForeignKey(Media, null=True, on_delete=models.SET_NULL, related_name="+")
    # None until there is one.
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "media_request"
        indexes = [
            models.Index(fields=["sender", "created_at"], name="media_request_of_sender"),
            models.Index(fields=["address", "created_at"], name="media_request_of_address"),
            models.Index(fields=["created_at"], name="media_request_by_age"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["sender", "key"], condition=~Q(key=""), name="media_request_once")
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.key}"
