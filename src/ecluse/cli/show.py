"""Plans and runs as text and as JSON, for ``plan``, ``run --dry-run`` and ``report``."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from ecluse.definition.plan import Leg, Plan
from ecluse.errors import RepositoryError

if TYPE_CHECKING:
    from ecluse.run.cache import Cache
    from ecluse.run.trends import LegTrend, Trends

__all__ = ["dry_run", "plan_data", "plan_text", "run_text", "terminal_width", "trends_data", "trends_text"]

_SYMBOLS = {"passed": "✓", "cached": "=", "failed": "✗", "cancelled": "!", "skipped": "–"}


_BARS = "▁▂▃▄▅▆▇█"

_SHOWN = 16
"""Executions of a leg that its row of the trends has a bar for: the last ones."""


def terminal_width() -> int | None:
    """The columns of the terminal; None where the output goes elsewhere, and lines may be as long as they are."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def plan_text(planned: Plan, columns: int | None = None) -> str:
    """The plan for people: a block for each stage, then what does not run and why; at most *columns* wide.

    Nothing of it has run yet: no sign is one of those that a run gives to what passed.
    """
    width = max(len(leg.name) for leg in planned.legs)
    lines = [click.style(planned.title, bold=True)]
    stage = -1
    for leg in planned.legs:
        if leg.stage != stage:
            stage = leg.stage
            lines += ["", f"stage {stage}" if leg.runs else "does not run"]
        symbol = click.style("→", fg="cyan") if leg.runs else click.style("–", dim=True)
        detail = f"{leg.reason} · {leg.job.description}".rstrip(" ·") if leg.runs else leg.reason
        first, *rest = _wrapped(detail, columns and columns - width - 6)
        lines += [f"  {symbol} {leg.name:<{width}}  {first}".rstrip(), *(f"{'':{width + 6}}{line}" for line in rest)]
    return "\n".join(lines)


def _wrapped(text: str, columns: int | None) -> list[str]:
    """*text* in lines of *columns*, broken between words."""
    if columns is None:
        return [text]
    return textwrap.wrap(text, max(columns, 20), break_long_words=False, break_on_hyphens=False) or [""]


def plan_data(planned: Plan) -> dict[str, Any]:
    """The plan for programs. docs/reference/cli.md describes it."""
    event = planned.event
    return {
        "event": {"kind": event.kind, "branch": event.branch, "tag": event.tag},
        "legs": [_leg(leg) for leg in planned.legs],
    }


def _leg(leg: Leg) -> dict[str, Any]:
    return {
        "name": leg.name,
        "job": leg.job.name,
        "matrix": dict(leg.values),
        "runs": leg.runs,
        "stage": leg.stage if leg.runs else None,
        "reason": leg.reason,
        "needs": list(leg.job.needs),
        "services": list(leg.job.services),
        "environment": leg.job.environment,
        "steps": [list(step.run) for step in leg.steps()],
    }


def dry_run(planned: Plan, cache: Cache | None, *, explain: bool) -> Iterator[str]:
    """A line for each leg of the plan: whether it would run; with *explain*, what has changed since it passed."""
    width = max(len(leg.name) for leg in planned.running)
    for leg in planned.running:
        facts = None
        with suppress(RepositoryError):  # the inputs cannot all be read: then it runs
            facts = cache.facts(leg, planned) if cache else None
        unchanged = cache is not None and facts is not None and cache.find(leg, facts) is not None
        yield f"{'=' if unchanged else '→'} {leg.name:<{width}}  {'unchanged' if unchanged else 'would run'}"
        if cache and facts is not None and explain and not unchanged:
            yield from (f"    {change}" for change in cache.explain(leg, facts))


def run_text(data: dict[str, Any]) -> str:
    """The content of run.json as text."""
    verdict = "interrupted" if data["interrupted"] else "passed" if data["ok"] else "failed"
    began = data["began"][:19].replace("T", " ")
    lines = [f"{data['title']} · {began} UTC · {data['seconds']:.1f} s · {verdict}", ""]
    width = max(len(leg["name"]) for leg in data["legs"])
    for leg in data["legs"]:
        seconds = f"{leg['seconds']:7.1f} s" if leg["attempts"] else " " * 9
        lines.append(f"{_SYMBOLS[leg['status']]} {leg['name']:<{width}} {seconds}  {leg['reason']}".rstrip())
    return "\n".join(lines)


def trends_text(found: Trends) -> str:
    """The trends for people: a row for each leg, its newest execution on the right; then the slowest tests."""
    from ecluse.run.ansi import as_text
    from ecluse.run.estimate import in_words

    share = f"{found.passed / found.runs:.0%} passed · {found.unchanged:.0%} of the jobs unchanged"
    lines = [f"{found.runs} runs from {found.first[:10]} to {found.last[:10]} · {share}", ""]
    width = max(len(leg.name) for leg in found.legs)
    lines.append(f"{'job':<{width}}  {'when it ran':<{_SHOWN}}  {'usual':>10}  {'last':>10}  failed")
    for leg in found.legs:
        usual = "–" if leg.usual is None else in_words(leg.usual)
        last = in_words(leg.ran[-1].seconds) if leg.ran else "–"
        lines.append(f"{leg.name:<{width}}  {_bars(leg)}  {usual:>10}  {last:>10}  {leg.failed or ''}".rstrip())
    if found.slowest:
        lines += ["", "slowest tests"]
        lines += [f"  {test.seconds:7.1f} s  {test.leg}: {as_text(test.test)}" for test in found.slowest[:10]]
    return "\n".join(lines)


def _bars(leg: LegTrend) -> str:
    """A bar for each of the leg's last executions, as high as it was long; red where it failed."""
    shown = leg.ran[-_SHOWN:]
    most = max((one.seconds for one in shown), default=0.0) or 1.0
    bars = [(_BARS[round(one.seconds / most * (len(_BARS) - 1))], one.status) for one in shown]
    drawn = (click.style(bar, fg="red") if status == "failed" else bar for bar, status in bars)
    return " " * (_SHOWN - len(bars)) + "".join(drawn)


def trends_data(found: Trends) -> dict[str, Any]:
    """The trends as JSON knows them: durations in seconds, shares from 0 to 1."""
    from dataclasses import asdict

    legs = [{**asdict(leg), "usual": leg.usual, "failed": leg.failed} for leg in found.legs]
    return {**asdict(found), "unchanged": round(found.unchanged, 3), "legs": legs}
