"""What GitHub shows beside a job's log: annotations on the failing lines, and the job's summary."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from ecluse.machine import process
from ecluse.run import junit
from ecluse.run.ansi import as_text
from ecluse.run.outcome import Outcome, Run, Status

__all__ = ["Annotation", "as_cell", "commands", "failures", "publish", "summary"]

# GitHub shows ten errors of a step and drops the rest.
# https://docs.github.com/actions/reference/limits
_MOST = 10

# "path:line:column: message" as flake8, mypy and gcc write it; the column may be missing.
_LINE = re.compile(r"^(?P<file>[\w./-]+\.\w+):(?P<line>\d+):(?:(?P<column>\d+):)? ?(?P<message>\S.*)$", re.MULTILINE)

_WORDS: dict[Status, str] = {
    "passed": "✅ passed",
    "cached": "♻️ unchanged",
    "failed": "❌ failed",
    "cancelled": "🛑 stopped",
    "skipped": "⏭️ not run",
}


@dataclass(frozen=True)
class Annotation:
    """An error that belongs to a line of a file; without *file*, to the job."""

    title: str
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None


def publish(run: Run, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Annotate the failures, and add the run to the summary of the GitHub job that *environ* belongs to."""
    say(commands(failures(run)))
    file = environ.get("GITHUB_STEP_SUMMARY")
    if file:
        # A summary that cannot be written must not turn a green job red.
        with suppress(OSError), open(file, "a", encoding="utf-8") as stream:
            stream.write(summary(run))


def failures(run: Run) -> Iterator[Annotation]:
    """The failures of *run*, where they can be told from JUnit files or from the lines that linters print."""
    for outcome in run.failed:
        found = [*_tests(outcome), *_lints(outcome)]
        yield from found or [Annotation(outcome.leg.name, outcome.reason)]


def _tests(outcome: Outcome) -> Iterator[Annotation]:
    for output in outcome.leg.job.outputs:
        if output.kind == "junit" and outcome.output is not None:
            tests = junit.read(outcome.output / output.path)
            for failure in tests.failures if tests else ():
                message = as_text(failure.message or failure.text)
                yield Annotation(f"{outcome.leg.name}: {failure.name}", message, failure.file, failure.line)


def _lints(outcome: Outcome) -> Iterator[Annotation]:
    if outcome.log is None or any(output.kind == "junit" for output in outcome.leg.job.outputs):
        return
    with suppress(OSError):
        for match in _LINE.finditer(as_text(outcome.log.read_text(encoding="utf-8", errors="replace"))):
            column = int(match["column"]) if match["column"] else None
            if not match["message"].startswith("note:"):  # mypy's notes belong to the error before them
                yield Annotation(outcome.leg.name, match["message"], match["file"], int(match["line"]), column)


def commands(found: Iterable[Annotation]) -> str:
    """*found* as the commands that make GitHub show them, as many as it shows.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
    """
    return "".join(_command(annotation) for annotation in list(found)[:_MOST])


def _command(annotation: Annotation) -> str:
    places = {"file": annotation.file, "line": annotation.line, "col": annotation.column, "title": annotation.title}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in places.items() if value is not None)
    return f"::error {properties}::{_data(annotation.message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def summary(run: Run) -> str:
    """The run as the Markdown of a job summary: a row for each leg, then what failed and the command that runs it
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
        for annotation in [*_tests(outcome), *_lints(outcome)][:_MOST]:
            place = f"{annotation.file}:{annotation.line}" if annotation.file else annotation.title
            lines.append(f"- {as_cell(place)}: {as_cell(annotation.message.partition(chr(10))[0])}")
    return "\n".join(lines) + "\n\n"


def as_cell(text: str) -> str:
    """*text* as it is: no Markdown, no HTML, on one line."""
    escaped = html.escape(as_text(text).replace("\n", " "), quote=False)
    return re.sub(r"([\\`*_\[\]|~#@])", r"\\\1", escaped)
