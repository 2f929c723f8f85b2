"""GitHub's bill: each job's minutes, rounded up to a whole one.

https://docs.github.com/billing/concepts/product-billing/github-actions
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from ecluse.definition.model import Event
from ecluse.providers.github.queue import QUEUE, proof
from ecluse.providers.github.workflow import AFTER, BEFORE, GATE
from ecluse.providers.selection import Selected, limited

__all__ = ["billed", "proved"]


def billed(event: Event, jobs: Sequence[Selected], seconds: Mapping[str, float]) -> dict[str, float]:
    """The minutes that GitHub bills for *event*, by leg, with those of the job that judges the others, or that asks for
    the proof of a merge queue.
    """
    minutes = {name: float(ceil(taken / 60)) for name, taken in seconds.items()}
    if minutes and event.kind in BEFORE:
        minutes[GATE] = 1.0
    if minutes and proved(event, jobs):
        minutes[QUEUE] = 1.0
    return minutes


def proved(event: Event, jobs: Sequence[Selected]) -> frozenset[str]:
    """The names of those of *jobs* that a merge queue may have proved, where *event* is a push."""
    return proof(jobs, limited(jobs, AFTER)).proved if event.kind == "push" else frozenset()
