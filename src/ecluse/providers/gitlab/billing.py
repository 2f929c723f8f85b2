"""GitLab's bill: compute minutes, which are a job's seconds by sixty and the factor of its runner (1 for small ones).

https://docs.gitlab.com/ci/pipelines/compute_minutes/
"""

from __future__ import annotations

from collections.abc import Mapping

from ecluse.definition.model import Event

__all__ = ["billed"]


def billed(event: Event, seconds: Mapping[str, float]) -> dict[str, float]:
    """The compute minutes that GitLab counts for *event*, by job."""
    return {name: taken / 60 for name, taken in seconds.items()}
