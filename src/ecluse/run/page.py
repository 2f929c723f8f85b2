"""A run as one HTML page that needs nothing beside itself: no server, no network, no other file.

Everything a job printed is hostile: it is escaped, and the page's own policy allows no script but the one it was made
with.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from string import Template

from ecluse.machine import process
from ecluse.run import coverage, junit, report_graph
from ecluse.run.ansi import as_html, as_text
from ecluse.run.outcome import Outcome, Run, Status, StepOutcome

__all__ = ["page"]

# Of each log; the whole is in logs/. A browser lays out some thousand lines at once.
_LINES = 3000
_CHARACTERS = 500_000

# Files in the coverage table, the worst first.
_FILES = 40

_WORDS: dict[Status, str] = {
    "passed": "passed",
    "cached": "unchanged",
    "failed": "failed",
    "cancelled": "stopped",
    "skipped": "not run",
}


def page(run: Run) -> str:
    """The page."""
    here = files(__package__)
    style, script = ((here / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    verdict: Status = "cancelled" if run.interrupted else "passed" if run.ok else "failed"
    return Template((here / "report.html").read_text(encoding="utf-8")).substitute(
        policy=f"default-src 'none'; style-src '{_source(style)}'; script-src '{_source(script)}'",
        style=style,
        script=script,
        pipeline=escape(run.plan.pipeline.name),
        title=escape(_capital(run.plan.title)),
        status=verdict,
        verdict={"cancelled": "interrupted"}.get(verdict, verdict),
        began=f"{run.began:%Y-%m-%d %H:%M:%S} UTC",
        began_iso=run.began.isoformat(timespec="seconds"),
        seconds=_seconds(run.seconds),
        id=escape(run.id),
        tiles="\n".join(_tiles(run)),
        timeline="\n".join(_timeline(run)),
        graph=_graph(run),
        legs="\n".join(map(_leg, _failed_first(run))),
        skipped="\n".join(_skipped(run)),
        coverage="\n".join(_coverage(run)),
    )


def _source(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _tiles(run: Run) -> Iterator[str]:
    counted = run.count()
    for status, word in _WORDS.items():
        if counted.get(status):
            yield _tile(status, str(counted[status]), word)
    tests = [found for outcome in run.outcomes.values() for found in _tests(outcome)]
    if tests:
        bad = sum(len(found.failures) for found in tests)
        total = sum(found.total for found in tests)
        yield _tile("failed" if bad else "", f"{total}", f"tests, {bad} failed" if bad else "tests")
    for outcome in run.outcomes.values():
        for found in _covered(outcome):
            yield _tile("", f"{found.lines:.0%}", "of lines covered")


def _tile(status: str, figure: str, word: str) -> str:
    return f'<li class="tile {status}"><b>{figure}</b> <span>{word}</span></li>'


def _timeline(run: Run) -> Iterator[str]:
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
            bars = _rect(outcome.status, outcome.started, outcome.seconds, total, _WORDS[outcome.status])
        label = f"{outcome.leg.name}: {_WORDS[outcome.status]}"
        if outcome.status != "skipped":
            label += f", from {_seconds(outcome.started)} for {_seconds(outcome.seconds)}"
        seconds = _seconds(outcome.seconds) if outcome.attempts else _WORDS[outcome.status]
        yield (
            f'<li><a href="#{escape(outcome.leg.slug)}">{_badge(outcome.status)}{escape(outcome.leg.name)}</a>'
            f'<svg role="img" aria-label="{escape(label)}" height="30">{marks}{bars}</svg>'
            f'<span class="seconds">{seconds}</span></li>'
        )
    labels = "".join(f'<text x="{at / total:.3%}" y="14">{_seconds(at)}</text>' for at in ticks)
    yield f'<li class="axis" aria-hidden="true"><span></span><svg height="20">{labels}</svg><span></span></li>'


def _bar(step: StepOutcome, total: float) -> str:
    title = f"{step.name}: {_WORDS[step.status]} in {_seconds(step.seconds)}"
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


def _graph(run: Run) -> str:
    statuses: dict[str, list[Status]] = {}
    for outcome in run.outcomes.values():
        statuses.setdefault(outcome.leg.job.name, []).append(outcome.status)
    order: tuple[Status, ...] = ("failed", "cancelled", "passed", "cached", "skipped")
    worst = {name: next(status for status in order if status in found) for name, found in statuses.items()}
    details = {}
    for name, found in statuses.items():
        ran = sum(1 for status in found if status != "skipped")
        details[name] = _WORDS[worst[name]] + (f" · {ran} of {len(found)} legs" if len(found) > 1 else "")
    return report_graph.svg(run.plan.pipeline, details=details, classes=dict(worst))


def _failed_first(run: Run) -> list[Outcome]:
    ran = [outcome for outcome in run.outcomes.values() if outcome.leg.runs]
    return sorted(ran, key=lambda outcome: outcome.status != "failed")


def _leg(outcome: Outcome) -> str:
    leg = outcome.leg
    reason = outcome.reason or leg.job.description
    seconds = _seconds(outcome.seconds) if outcome.attempts else ""
    return (
        f'<details class="leg {outcome.status}" id="{escape(leg.slug)}"{" open" if outcome.status == "failed" else ""}>'
        f"<summary>{_badge(outcome.status)}<b>{escape(leg.name)}</b> <span>{escape(reason)}</span>"
        f'<span class="seconds">{seconds}</span></summary><div class="body">{"".join(_body(outcome))}</div></details>'
    )


def _body(outcome: Outcome) -> Iterator[str]:
    leg = outcome.leg
    command = escape(process.quote(leg.command()))
    description = escape(leg.job.description or leg.job.name)
    copy = '<button type="button" class="copy" hidden>copy</button>'
    yield f"<p>{description} · alone: <code>{command}</code> {copy}</p>"
    if outcome.changes:
        shown = "".join(f"<li>{escape(change)}</li>" for change in outcome.changes[:20])
        more = f"<li>… {len(outcome.changes) - 20} more</li>" if len(outcome.changes) > 20 else ""
        yield f"<details><summary>why it was not skipped</summary><ul>{shown}{more}</ul></details>"
    for tests in _tests(outcome):
        counts = f"{tests.total} tests, {len(tests.failures)} failed, {tests.skipped} skipped"
        yield f"<p>{counts}, in {_seconds(tests.seconds)}</p>"
        for failure in tests.failures[:20]:
            yield f"<details class='test'><summary>{escape(as_text(failure.name))}</summary>"
            yield f"<pre>{as_html(failure.text or failure.message)}</pre></details>"
    if outcome.steps:
        yield '<table class="steps"><thead><tr><th>step<th>attempt<th>outcome<th>seconds</thead><tbody>'
        for step in outcome.steps:
            yield f"<tr><td><code>{escape(step.command)}</code><td>{step.attempt}"
            yield f'<td class="{step.status}">{escape(step.detail or _WORDS[step.status])}<td>{step.seconds:.1f}'
        yield "</tbody></table>"
    yield _log(outcome)


def _log(outcome: Outcome) -> str:
    if outcome.log is None or not outcome.log.is_file():
        return ""
    text = outcome.log.read_text(encoding="utf-8", errors="replace")
    lines = text[-_CHARACTERS:].splitlines(keepends=True)[-_LINES:]
    shown = "".join(lines)
    whole = f'<a href="logs/{escape(outcome.log.name)}">the whole log</a>'
    note = f"<p>the end of it; {whole}</p>" if len(shown) < len(text) else ""
    head = f"{text.count(chr(10))} lines of output"
    opened = " open" if outcome.status in ("failed", "cancelled") else ""
    return (
        f'<details class="log"{opened}><summary>{head}</summary>{note}'
        f'<pre tabindex="0" aria-label="output of {escape(outcome.leg.name)}">{as_html(shown)}</pre></details>'
    )


def _skipped(run: Run) -> Iterator[str]:
    idle = [outcome for outcome in run.outcomes.values() if not outcome.leg.runs]
    if idle:
        yield '<section aria-labelledby="skipped"><h2 id="skipped">Not part of this run</h2><table><tbody>'
        for outcome in idle:
            yield f'<tr><th scope="row">{escape(outcome.leg.name)}<td>{escape(outcome.reason)}'
        yield "</tbody></table></section>"


def _coverage(run: Run) -> Iterator[str]:
    for outcome in run.outcomes.values():
        for found in _covered(outcome):
            branches = f", {found.branches:.1%} of branches" if found.branches is not None else ""
            yield '<section aria-labelledby="coverage"><h2 id="coverage">Coverage</h2>'
            yield f"<p>{found.lines:.1%} of lines{branches}, by {escape(outcome.leg.name)}; worst first.</p>"
            yield '<table class="files"><thead><tr><th>file<th>missed lines<th>covered<th></thead><tbody>'
            for file in found.files[:_FILES]:
                yield (
                    f'<tr><th scope="row">{escape(file.path)}<td>{file.missed}<td>{file.rate:.0%}<td><svg height="8"'
                    f' aria-hidden="true"><rect class="track" width="100%" height="8" rx="4"/>'
                    f'<rect class="bar passed" width="{file.rate:.1%}" height="8" rx="4"/></svg>'
                )
            yield "</tbody></table></section>"


def _tests(outcome: Outcome) -> Iterator[junit.JUnitReport]:
    for output in outcome.leg.job.outputs:
        if output.kind == "junit" and outcome.output is not None:
            found = junit.read(outcome.output / output.path)
            if found is not None:
                yield found


def _covered(outcome: Outcome) -> Iterator[coverage.Coverage]:
    for output in outcome.leg.job.outputs:
        if output.kind == "coverage" and outcome.output is not None:
            found = coverage.read(outcome.output / output.path)
            if found is not None:
                yield found


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _badge(status: Status) -> str:
    return f'<span class="badge {status}">{_WORDS[status]}</span>'


def _seconds(seconds: float) -> str:
    if seconds == 0:
        return "0 s"
    if seconds >= 60:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{seconds:.1f} s" if seconds % 1 or seconds < 10 else f"{seconds:.0f} s"
