"""The minutes that an event costs at the providers, as far as earlier runs on this machine tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ecluse.definition.conditions import holds
from ecluse.definition.model import Event, Pipeline
from ecluse.definition.plan import Leg, legs
from ecluse.providers.selection import Selected, select
from ecluse.render import shared_out

__all__ = ["AROUND", "Bill", "bills"]

AROUND = 30.0
"""Seconds before and after a job's own: a machine that starts, checks out and installs Écluse. An assumption."""

# Jobs that a provider's machine runs at once, where it runs several as one.
_AT_ONCE = 2


@dataclass(frozen=True)
class Bill:
    """The bill of one *provider*: the *minutes* of each of its legs. *unknown* are those that no run has measured, and
    *proved* those that are left out where a merge queue has tested the commit.
    """

    provider: str
    minutes: Mapping[str, float]
    unknown: tuple[str, ...]
    proved: frozenset[str] = frozenset()

    @property
    def total(self) -> float:
        return sum(self.minutes.values())

    @property
    def saved(self) -> float:
        """The minutes of the legs that a merge queue may have proved."""
        return sum(minutes for name, minutes in self.minutes.items() if name in self.proved)


def bills(pipeline: Pipeline, event: Event, durations: Mapping[str, float]) -> Iterator[Bill]:
    """The bill for *event* of each provider that reports it; *durations* are the seconds of a leg, by its name."""
    for provider, share in shared_out(pipeline, select(pipeline)):
        if event.kind not in provider.kinds:
            continue
        renderer = provider.renderer()
        left_out = renderer.proved(event, share)
        taken: dict[str, float | None] = {}
        proved: set[str] = set()
        for selected in share:
            if holds(selected.ever, event):
                measured = _seconds(selected, durations)
                taken |= measured
                proved |= set(measured) if selected.job.name in left_out else set()
        known = {name: seconds + AROUND for name, seconds in taken.items() if seconds is not None}
        unknown = tuple(name for name in taken if name not in known)
        yield Bill(provider.name, renderer.billed(event, share, known), unknown, frozenset(proved))


def _seconds(selected: Selected, durations: Mapping[str, float]) -> dict[str, float | None]:
    """The seconds of each leg of the job, by its name; None where no run has measured it."""
    if not selected.runs:
        names = [Leg(job=selected.job, values=values).name for values in legs(selected.job)]
        return {name: durations.get(name) for name in names}
    found = [durations[name] for name in selected.runs if name in durations]
    whole = len(found) == len(selected.runs)
    return {selected.job.name: max(max(found), sum(found) / _AT_ONCE) if whole else None}
