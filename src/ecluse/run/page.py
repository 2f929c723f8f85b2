"""A run as one HTML page that needs nothing beside itself: no server, no network, no other file.

Everything a job printed is hostile: it is escaped, and the page's own policy allows no script but the one it was made
with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from ecluse.machine import process
from ecluse.pages.page_parts import duration, filled, tile
from ecluse.run import coverage, report_graph
from ecluse.run.ansi import as_html, as_text
from ecluse.run.assertion import as_diff
from ecluse.run.outcome import Outcome, Run, Status
from ecluse.run.past import Flake, Slower
from ecluse.run.pieces import STATUS_WORDS, badge, tests_of
from ecluse.run.timeline import timeline

__all__ = ["page"]

# Of each log; the whole is in logs/. A browser lays out some thousand lines at once.
_LINES = 3000
_CHARACTERS = 500_000

# Failed tests of one leg; the rest is in its log.
_FAILURES = 20

# Files in the coverage table, the worst first.
_FILES = 40


def page(run: Run, flaky: Sequence[Flake] = (), slower: Sequence[Slower] = ()) -> str:
    """The page. *flaky* and *slower* are what earlier runs tell of this one."""
    verdict: Status = "cancelled" if run.interrupted else "passed" if run.ok else "failed"
    pipeline, title = escape(run.plan.pipeline.name), escape(_capital(run.plan.title))
    said = {"cancelled": "interrupted"}.get(verdict, verdict)
    return filled(
        __package__,
        "report.html",
        ["report.css"],
        "report.js",
        tab=f"{title} · {said} · {pipeline}",
        pipeline=pipeline,
        title=title,
        status=verdict,
        verdict=said,
        began=f"{run.began:%Y-%m-%d %H:%M:%S} UTC",
        began_iso=run.began.isoformat(timespec="seconds"),
        seconds=duration(run.seconds),
        id=escape(run.id),
        tiles="\n".join(_tiles(run)),
        failed="\n".join(_failed(run)),
        flaky="\n".join(_flaky(flaky)),
        slower="\n".join(_slower(slower)),
        unwell="" if run.ok else " open",
        timeline="\n".join(timeline(run)),
        graph=_graph(run),
        legs="\n".join(_leg(outcome) for outcome in _ran(run) if outcome.status != "failed"),
        skipped="\n".join(_skipped(run)),
        coverage="\n".join(_coverage(run)),
    )


def _tiles(run: Run) -> Iterator[str]:
    counted = run.count()
    for status, word in STATUS_WORDS.items():
        if counted.get(status):
            yield tile(status, str(counted[status]), word)
    tests = [found for outcome in run.outcomes.values() for found in tests_of(outcome)]
    if tests:
        bad = sum(len(found.failures) for found in tests)
        total = sum(found.total for found in tests)
        yield tile("failed" if bad else "", f"{total}", f"tests, {bad} failed" if bad else "tests")
    for outcome in run.outcomes.values():
        for found in _covered(outcome):
            yield tile("", f"{found.lines:.0%}", "of lines covered")


def _graph(run: Run) -> str:
    statuses: dict[str, list[Status]] = {}
    for outcome in run.outcomes.values():
        statuses.setdefault(outcome.leg.job.name, []).append(outcome.status)
    order: tuple[Status, ...] = ("failed", "cancelled", "passed", "cached", "skipped")
    worst = {name: next(status for status in order if status in found) for name, found in statuses.items()}
    details = {}
    for name, found in statuses.items():
        ran = sum(1 for status in found if status != "skipped")
        details[name] = STATUS_WORDS[worst[name]] + (f" · {ran} of {len(found)} legs" if len(found) > 1 else "")
    return report_graph.svg(run.plan.pipeline, details=details, classes=dict(worst))


def _ran(run: Run) -> list[Outcome]:
    return [outcome for outcome in run.outcomes.values() if outcome.leg.runs]


def _failed(run: Run) -> Iterator[str]:
    """The failed legs: each with its command, the differences of its tests, and its log at its end."""
    if run.failed:
        yield '<section aria-labelledby="failures"><h2 id="failures">Failed</h2>'
        yield from map(_leg, run.failed)
        yield "</section>"


def _flaky(found: Sequence[Flake]) -> Iterator[str]:
    if found:
        yield '<section aria-labelledby="flaky"><h2 id="flaky">Flaky: failed, then passed, on the same inputs</h2>'
        yield "<table><tbody>"
        for flake in found:
            name = escape(as_text(flake.test or flake.leg))
            yield f'<tr><th scope="row">{name}<td>{escape(flake.leg)}: {escape(flake.when)}'
        yield "</tbody></table></section>"


def _slower(found: Sequence[Slower]) -> Iterator[str]:
    if found:
        yield '<section aria-labelledby="slower"><h2 id="slower">Slower than last time</h2><table><tbody>'
        for one in found:
            where = f"{escape(one.leg)}: " if one.test else ""
            name = escape(as_text(one.test or one.leg))
            yield f'<tr><th scope="row">{name}<td>{where}{duration(one.now)}, was {duration(one.before)}'
        yield "</tbody></table></section>"


def _leg(outcome: Outcome) -> str:
    leg = outcome.leg
    reason = outcome.reason or leg.job.description
    seconds = duration(outcome.seconds) if outcome.attempts else ""
    return (
        f'<details class="leg {outcome.status}" id="{escape(leg.slug)}"{" open" if outcome.status == "failed" else ""}>'
        f"<summary>{badge(outcome.status)}<b>{escape(leg.name)}</b> <span>{escape(reason)}</span>"
        f'<span class="seconds">{seconds}</span></summary><div class="body">{"".join(_body(outcome))}</div></details>'
    )


def _body(outcome: Outcome) -> Iterator[str]:
    """The details of a leg: the command, the failed tests and the log first, then its steps."""
    leg = outcome.leg
    command = escape(process.quote(leg.command()))
    description = escape(leg.job.description or leg.job.name)
    copy = '<button type="button" class="copy" hidden>copy</button>'
    yield f"<p>{description} · alone: <code>{command}</code> {copy}</p>"
    yield from _tests(outcome)
    yield _log(outcome)
    if outcome.changes:
        shown = "".join(f"<li>{escape(change)}</li>" for change in outcome.changes[:20])
        more = f"<li>… {len(outcome.changes) - 20} more</li>" if len(outcome.changes) > 20 else ""
        yield f"<details><summary>why it was not skipped</summary><ul>{shown}{more}</ul></details>"
    if outcome.steps:
        yield '<table class="steps"><thead><tr><th>step<th>attempt<th>outcome<th>seconds</thead><tbody>'
        for step in outcome.steps:
            yield f"<tr><td><code>{escape(step.command)}</code><td>{step.attempt}"
            yield f'<td class="{step.status}">{escape(step.detail or STATUS_WORDS[step.status])}<td>{step.seconds:.1f}'
        yield "</tbody></table>"


def _tests(outcome: Outcome) -> Iterator[str]:
    """The counts of the leg's tests; each failed test with the difference that its assertion found."""
    for tests in tests_of(outcome):
        counts = f"{tests.total} tests, {len(tests.failures)} failed, {tests.skipped} skipped"
        yield f"<p>{counts}, in {duration(tests.seconds)}</p>"
        for number, failure in enumerate(tests.failures[:_FAILURES]):
            text = failure.text or failure.message
            opened = " open" if number == 0 else ""
            yield f'<details class="test"{opened}><summary>{escape(as_text(failure.name))}</summary>'
            if found := as_diff(text):
                yield f'<pre class="diff">{found}</pre><details><summary>the whole failure</summary>'
                yield f"<pre>{as_html(text)}</pre></details></details>"
            else:
                yield f"<pre>{as_html(text)}</pre></details>"


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
        f'<div class="end" tabindex="0" role="group" aria-label="output of {escape(outcome.leg.name)}">'
        f"<pre>{as_html(shown)}</pre></div></details>"
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


def _covered(outcome: Outcome) -> Iterator[coverage.Coverage]:
    return filter(None, map(coverage.read, outcome.left("coverage")))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
