"""Signs of life that must be seen from elsewhere."""

from __future__ import annotations

from django.db import models

__all__ = ["Heartbeat"]


class Heartbeat(models.Model):
    """When a worker last took something from a queue: beat, broker and worker were at work then."""

    queue = models.CharField(max_length=50, primary_key=True)
    beaten_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.queue
