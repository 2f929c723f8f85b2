"""The failures of a run, each with its file and line: from JUnit files, and from the output of linters."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace

from ecluse.providers.log import Annotation
from ecluse.run.ansi import as_text
from ecluse.run.outcome import Outcome, Run
from ecluse.run.outputs import located
from ecluse.run.pieces import tests_of

__all__ = ["failures", "failures_of"]

# "path:line:column: message" as flake8, mypy and gcc write it; the column may be missing.
_LINE = re.compile(r"^(?P<file>[\w./-]+\.\w+):(?P<line>\d+):(?:(?P<column>\d+):)? ?(?P<message>\S.*)$", re.MULTILINE)


def failures(run: Run, files: Collection[str] = ()) -> Iterator[Annotation]:
    """The failures of *run*: at least one for each leg that failed. *files* are the repository's, as git names them."""
    for outcome in run.failed:
        for found in list(failures_of(outcome)) or [Annotation(outcome.leg.name, outcome.reason)]:
            yield replace(found, file=located(found.file, files)) if found.file else found


def failures_of(outcome: Outcome) -> Iterator[Annotation]:
    """The failures of one leg that can be told from its JUnit files or from the lines that linters print."""
    yield from _tests(outcome)
    yield from _lints(outcome)


def _tests(outcome: Outcome) -> Iterator[Annotation]:
    for tests in tests_of(outcome):
        for failure in tests.failures:
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
