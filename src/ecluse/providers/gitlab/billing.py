"""GitLab's bill: compute minutes, which are a job's seconds by sixty and the factor of its runner (1 for small ones).

https://docs.gitlab.com/ci/pipelines/compute_minutes/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ecluse.definition.model import Event
from ecluse.providers.selection import Selected

__all__ = ["billed", "proved"]


def billed(event: Event, jobs: Sequence[Selected], seconds: Mapping[str, float]) -> dict[str, float]:
    """The compute minutes that GitLab counts for *event*, by leg."""
    return {name: taken / 60 for name, taken in seconds.items()}


def proved(event: Event, jobs: Sequence[Selected]) -> frozenset[str]:
    """No name: GitLab has no merge queue that could have proved a commit."""
    return frozenset()
