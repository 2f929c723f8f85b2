"""The rows that all processes of the site must see: signs of life, and who tries something too often."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

__all__ = ["Attempt", "Heartbeat"]


class Heartbeat(models.Model):
    """When a worker last took something from a queue: beat, broker and worker were at work then."""

    queue = models.CharField(max_length=50, primary_key=True)
    beaten_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.queue


class Attempt(models.Model):
    """An attempt that a limit counts (website.throttling), by a digest of who made it."""

    scope = models.CharField(max_length=20)
    sender = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["scope", "sender", "created_at"], name="website_attempt_of_sender"),
            models.Index(fields=["created_at"], name="website_attempt_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.created_at}"
