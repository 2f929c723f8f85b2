"""A run as Markdown, for the summary that a provider shows of a job."""

from __future__ import annotations

import html
import re
from itertools import islice

from ecluse.machine import process
from ecluse.run.ansi import as_text
from ecluse.run.failures import failures_of
from ecluse.run.outcome import Run, Status

__all__ = ["as_cell", "summary"]

# Failures of one leg that are listed; the report has all.
_MOST = 10

_WORDS: dict[Status, str] = {
    "passed": "✅ passed",
    "cached": "♻️ unchanged",
    "failed": "❌ failed",
    "cancelled": "🛑 stopped",
    "skipped": "⏭️ not run",
}


def summary(run: Run) -> str:
    """*run* as Markdown: a row for each leg, then what failed and the command that runs it
    alone."""
    lines = [
        f"### {as_cell(run.plan.title)}",
        "",
        "| job | outcome | seconds | |",
        "| --- | --- | ---: | --- |",
    ]
    for outcome in run.outcomes.values():
        if outcome.leg.runs:
            seconds = f"{outcome.seconds:.1f}"
            cells = (as_cell(outcome.leg.name), _WORDS[outcome.status], seconds, as_cell(outcome.reason))
            lines.append(f"| {' | '.join(cells)} |")
    for outcome in run.failed:
        alone = process.quote(outcome.leg.command())
        lines += ["", f"**{as_cell(outcome.leg.name)}** failed. To run it alone: `{alone}`"]
        for annotation in islice(failures_of(outcome), _MOST):
            place = f"{annotation.file}:{annotation.line}" if annotation.file else annotation.title
            lines.append(f"- {as_cell(place)}: {as_cell(annotation.message.partition(chr(10))[0])}")
    return "\n".join(lines) + "\n\n"


def as_cell(text: str) -> str:
    """*text* as it is: no Markdown, no HTML, on one line."""
    escaped = html.escape(as_text(text).replace("\n", " "), quote=False)
    return re.sub(r"([\\`*_\[\]|~#@])", r"\\\1", escaped)
