"""The timeline of a run in its report: when each leg ran, and each of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ecluse.pages.page_parts import duration
from ecluse.run.outcome import Run, Status, StepOutcome
from ecluse.run.pieces import STATUS_WORDS, badge

__all__ = ["timeline"]


def timeline(run: Run) -> Iterator[str]:
    """The items of the timeline: a row for each leg of the plan, and the axis."""
    total = max(run.seconds, 0.001)
    ticks = _ticks(total)
    marks = "".join(
        f'<line class="tick" x1="{at / total:.3%}" x2="{at / total:.3%}" y1="0" y2="100%"/>' for at in ticks
    )
    for outcome in run.outcomes.values():
        if not outcome.leg.runs:
            continue
        bars = "".join(_bar(step, total) for step in outcome.steps)
        if not outcome.steps and outcome.status != "skipped":
            bars = _rect(outcome.status, outcome.started, outcome.seconds, total, STATUS_WORDS[outcome.status])
        label = f"{outcome.leg.name}: {STATUS_WORDS[outcome.status]}"
        if outcome.status != "skipped":
            label += f", from {duration(outcome.started)} for {duration(outcome.seconds)}"
        seconds = duration(outcome.seconds) if outcome.attempts else STATUS_WORDS[outcome.status]
        yield (
            f'<li><a href="#{escape(outcome.leg.slug)}">{badge(outcome.status)}{escape(outcome.leg.name)}</a>'
            f'<svg role="img" aria-label="{escape(label)}" height="30">{marks}{bars}</svg>'
            f'<span class="seconds">{seconds}</span></li>'
        )
    labels = "".join(f'<text x="{at / total:.3%}" y="14">{duration(at)}</text>' for at in ticks)
    yield f'<li class="axis" aria-hidden="true"><span></span><svg height="20">{labels}</svg><span></span></li>'


def _bar(step: StepOutcome, total: float) -> str:
    title = f"{step.name}: {STATUS_WORDS[step.status]} in {duration(step.seconds)}"
    if step.attempt > 1:
        title += f" (attempt {step.attempt})"
    return _rect(step.status, step.started, step.seconds, total, title)


def _rect(status: Status, started: float, seconds: float, total: float, title: str) -> str:
    # What took no time must still be seen.
    width = max(seconds / total, 0.008)
    return (
        f'<rect class="bar {status}" y="7" height="16" rx="4"'
        f' x="{min(started / total, 1 - width):.3%}" width="{width:.3%}">'
        f"<title>{escape(title)}</title></rect>"
    )


def _ticks(total: float) -> list[float]:
    """Round times, at most seven, from 0 on."""
    steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
    step = next((step for step in steps if total / step <= 6), total)
    return [index * step for index in range(int(total / step) + 1) if index * step < total * 0.97]
