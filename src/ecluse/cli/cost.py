"""``ecluse plan --cost``: the minutes of an event at each provider, as text or for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ecluse.definition.conditions import describe_event
from ecluse.definition.model import Event, Pipeline
from ecluse.render.cost import AROUND, Bill, bills
from ecluse.run.record import durations

__all__ = ["cost_of"]


def cost_of(top: Path, pipeline: Pipeline, event: Event, *, as_json: bool) -> str:
    """The bills for *event*, by the durations of the runs in the repository at *top*."""
    found = list(bills(pipeline, event, durations(top / ".ecluse" / "runs")))
    if as_json:
        data = [
            {
                "provider": bill.provider,
                "minutes": bill.total,
                "proved": bill.saved,
                "jobs": bill.minutes,
                "unknown": bill.unknown,
            }
            for bill in found
        ]
        return json.dumps(data, indent=1)
    return "\n".join([describe_event(event), *(line for bill in found for line in _lines(bill))])


def _lines(bill: Bill) -> Iterator[str]:
    yield f"\n{bill.provider}: {'at least ' if bill.unknown else ''}{bill.total:.0f} minutes"
    for name, minutes in sorted(bill.minutes.items(), key=lambda item: -item[1]):
        yield f"  {minutes:5.1f}  {name}"
    if bill.saved:
        yield f"  {bill.total - bill.saved:.0f} minutes where the merge queue has proved the commit"
    if bill.unknown:
        yield f"  not counted, since no run here has measured them: {', '.join(bill.unknown)}"
    yield f"  by the last runs here, and {AROUND:g} s around each job"
