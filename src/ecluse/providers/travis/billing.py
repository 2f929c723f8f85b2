"""Travis's bill: credits for each started minute of a job.

https://docs.travis-ci.com/user/billing-overview/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from ecluse.definition.model import Event
from ecluse.providers.selection import Selected

__all__ = ["billed", "proved"]


def billed(event: Event, jobs: Sequence[Selected], seconds: Mapping[str, float]) -> dict[str, float]:
    """The minutes that Travis bills for *event*, by leg."""
    return {name: float(ceil(taken / 60)) for name, taken in seconds.items()}


def proved(event: Event, jobs: Sequence[Selected]) -> frozenset[str]:
    """No name: Travis has no merge queue that could have proved a commit."""
    return frozenset()
