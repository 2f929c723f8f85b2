"""Travis's bill: credits for each started minute of a job.

https://docs.travis-ci.com/user/billing-overview/
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from ecluse.definition.model import Event

__all__ = ["billed"]


def billed(event: Event, seconds: Mapping[str, float]) -> dict[str, float]:
    """The minutes that Travis bills for *event*, by job."""
    return {name: float(ceil(taken / 60)) for name, taken in seconds.items()}
