"""JUnit's XML, as pytest and every CI system read and write it: what jobs left, and a run's own."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ecluse.run.ansi import as_text
from ecluse.run.outcome import Outcome, Run

__all__ = ["FailedTest", "JUnitReport", "as_xml", "read"]

# Characters of a failed leg's log that go into the run's own file; the whole log is beside it.
_LOG = 20_000


@dataclass(frozen=True)
class FailedTest:
    """A test that failed: its name, the *file* and *line* where that can be told, and what was said."""

    name: str
    message: str
    text: str
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class JUnitReport:
    """The content of a JUnit file: counts, seconds, failures, and the seconds of each test by its name."""

    total: int
    skipped: int
    seconds: float
    failures: tuple[FailedTest, ...]
    times: Mapping[str, float]


def read(path: Path) -> JUnitReport | None:
    """The tests that the file at *path* tells of; None where there is none or it is not JUnit's XML."""
    root = _root(path)
    if root is None:
        return None
    cases = list(root.iter("testcase"))
    return JUnitReport(
        total=len(cases),
        skipped=sum(1 for case in cases if case.find("skipped") is not None),
        seconds=sum(_number(case.get("time")) for case in cases),
        failures=tuple(_failures(cases)),
        times={_name(case): _number(case.get("time")) for case in cases},
    )


def _failures(cases: list[ElementTree.Element]) -> Iterator[FailedTest]:
    for case in cases:
        for bad in (*case.findall("failure"), *case.findall("error")):
            name = _name(case)
            text = bad.text or ""
            file, line = _place(text, case)
            yield FailedTest(name, bad.get("message") or "", text, file, line)
            break


def _name(case: ElementTree.Element) -> str:
    return "::".join(part for part in (case.get("classname"), case.get("name")) if part)


def _place(text: str, case: ElementTree.Element) -> tuple[str | None, int | None]:
    # pytest ends each traceback entry with "path:line: Error"; the test's own file comes first.
    for part in text.splitlines():
        file, _, rest = part.partition(":")
        number = rest.partition(":")[0]
        if file.endswith(".py") and _is_line(number) and " " not in file:
            return file, int(number)
    line = case.get("line", "")
    return case.get("file"), int(line) if _is_line(line) else None


def _is_line(text: str) -> bool:
    return text.isdecimal() and len(text) < 10


def as_xml(run: Run) -> str:
    """The run as JUnit's XML: a suite for each leg, with the cases of the files it left, or one case for itself."""
    root = ElementTree.Element("testsuites", name=run.plan.pipeline.name, time=f"{run.seconds:.3f}")
    for outcome in run.outcomes.values():
        root.append(_suite(run, outcome))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(run: Run, outcome: Outcome) -> ElementTree.Element:
    name = outcome.leg.name
    suite = ElementTree.Element("testsuite", name=name, time=f"{outcome.seconds:.3f}")
    suite.set("timestamp", run.began.isoformat(timespec="seconds"))
    for root in _left(outcome):
        suite.extend(root.iter("testcase"))
    # A leg may fail beside its tests: before them, or after they passed.
    if len(suite) == 0 or (outcome.status == "failed" and not _bad(suite)):
        case = ElementTree.SubElement(suite, "testcase", name=name, classname=run.plan.pipeline.name)
        case.set("time", f"{outcome.seconds:.3f}")
        if outcome.status == "skipped":
            ElementTree.SubElement(case, "skipped", message=as_text(outcome.reason))
        elif not outcome.ok:
            failure = ElementTree.SubElement(case, "failure", message=as_text(outcome.reason))
            failure.text = _tail(outcome)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(sum(1 for case in suite if case.find("failure") is not None)))
    suite.set("errors", str(sum(1 for case in suite if case.find("error") is not None)))
    suite.set("skipped", str(sum(1 for case in suite if case.find("skipped") is not None)))
    return suite


def _left(outcome: Outcome) -> Iterator[ElementTree.Element]:
    for path in outcome.left("junit"):
        root = _root(path)
        if root is not None:
            yield root


def _bad(suite: ElementTree.Element) -> bool:
    return any(case.find("failure") is not None or case.find("error") is not None for case in suite)


def _tail(outcome: Outcome) -> str:
    if outcome.log is None:
        return ""
    with suppress(OSError):
        return as_text(outcome.log.read_text(encoding="utf-8", errors="replace")[-_LOG:])
    return ""


def _root(path: Path) -> ElementTree.Element | None:
    if not path.is_file():  # to open a named pipe would wait for ever
        return None
    try:
        return ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError, ValueError, LookupError):  # the last two: an encoding that is not known
        return None


def _number(text: str | None) -> float:
    try:
        number = float(text or 0)
    except ValueError:
        return 0.0
    return number if 0 <= number < math.inf else 0.0
