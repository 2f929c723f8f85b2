"""How a project's commands end on its own default, before anything of ours: its checks and its tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecluse.machine import process
from ecluse.run.ansi import as_text

__all__ = ["SuiteResult", "count", "run_tests"]

# Seconds for a whole suite: a project's own providers end most after an hour.
_PATIENCE = 3600.0


@dataclass(frozen=True)
class SuiteResult:
    """How a run of tests ended: how many *ran*, which *failed* by name, and in how many *seconds*.

    *output* has the last lines that it printed. *broken*: it ended before it could count.
    """

    ran: int
    failed: tuple[str, ...]
    seconds: float
    output: str
    broken: bool = False

    @property
    def green(self) -> bool:
        return self.ran > 0 and not self.failed and not self.broken

    def __str__(self) -> str:
        if self.broken:
            return "did not run"
        return f"{self.ran} ran" + (f", {len(self.failed)} failed" if self.failed else "")


def run_tests(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], *, on_output: Callable[[str], None] | None = None
) -> SuiteResult:
    """Run *command* in *folder*, and count."""
    done = process.run(command, cwd=folder, env=environ, check=False, timeout=_PATIENCE, on_output=on_output)
    return count(done.output, done.ok, done.seconds)


def count(output: str, ok: bool, seconds: float) -> SuiteResult:
    """The result that the *output* of Django's test command or of pytest tells, in colours or not."""
    output = as_text(output)
    tail = "\n".join(output.strip().splitlines()[-30:])
    django = re.findall(r"^Ran (\d+) tests? in", output, re.MULTILINE)
    if django:
        ran = sum(map(int, django))
        failed = re.findall(r"^(?:FAIL|ERROR): (\S+ \([^)]*\))", output, re.MULTILINE)
        return SuiteResult(ran, tuple(dict.fromkeys(failed)), seconds, tail, broken=not ok and not failed)
    # pytest's own last line: "2 passed in 0.12s"; a pipeline that ran it ends with one of its own.
    summary = re.findall(r"^=* ?(\d+ .*) in \d+(?:\.\d+)?s", tail, re.MULTILINE)
    counts = re.findall(r"(\d+) (passed|failed|errors?|skipped|xfailed)", summary[-1] if summary else "")
    words = {word: int(number) for number, word in counts}
    if words:
        failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
        ran = sum(number for word, number in words.items() if word != "skipped")
        return SuiteResult(ran, tuple(dict.fromkeys(failed)), seconds, tail, broken=not ok and not failed)
    none = re.search(r"no tests ran|Found 0 test|NO TESTS RAN", output) is not None
    return SuiteResult(0, (), seconds, tail, broken=not none and not ok)
