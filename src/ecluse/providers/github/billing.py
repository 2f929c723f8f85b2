"""GitHub's bill: each job's minutes, rounded up to a whole one.

https://docs.github.com/billing/concepts/product-billing/github-actions
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from ecluse.definition.model import Event
from ecluse.providers.github.workflow import GATE

__all__ = ["billed"]


def billed(event: Event, seconds: Mapping[str, float]) -> dict[str, float]:
    """The minutes that GitHub bills for *event*, by job, with those of the job that judges the others."""
    judged = {GATE: 1.0} if event.kind in ("pull_request", "merge_group") and seconds else {}
    return {**{name: float(ceil(taken / 60)) for name, taken in seconds.items()}, **judged}
