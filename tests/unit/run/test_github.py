from __future__ import annotations

from pathlib import Path

from ecluse.definition.model import Output
from ecluse.run.github import commands, failures, publish, summary
from tests.support.doubles.runs import ended
from tests.support.providers.pipelines import job, pipeline
from tests.unit.run.test_junit import PYTEST

PIPELINE = pipeline(job("lint"), job("tests", outputs=(Output(path="junit.xml", kind="junit"),)), job("checks"))
LINTS = """$ tox run -e lint
src/a.py:3:121: E501 line too long
src/b.py:7: error: Missing return  [return]
src/b.py:8: note: see
ran 2:30
"""


def test_lines_of_linters_become_annotations_on_their_lines(tmp_path: Path) -> None:
    run = ended(PIPELINE, tmp_path / "run", {"lint": "failed"}, logs={"lint": LINTS})
    assert [(found.file, found.line, found.column, found.message) for found in failures(run)] == [
        ("src/a.py", 3, 121, "E501 line too long"),
        ("src/b.py", 7, None, "error: Missing return  [return]"),
    ]


def test_failed_tests_become_annotations_where_they_failed(tmp_path: Path) -> None:
    run = ended(PIPELINE, tmp_path / "run", {"tests": "failed"}, outputs={"tests": {"junit.xml": PYTEST}})
    (found,) = failures(run)
    assert (found.title, found.file, found.line) == ("tests: tests.test_a::test_two", "tests/test_a.py", 7)


def test_a_failure_that_names_no_line_is_annotated_by_itself(tmp_path: Path) -> None:
    run = ended(PIPELINE, tmp_path / "run", {"checks": "failed"}, reasons={"checks": "tox ended with 1"})
    assert commands(failures(run)) == "::error title=checks::tox ended with 1\n"


def test_job_output_cannot_inject_workflow_commands(tmp_path: Path) -> None:
    hostile = "a,b.py:1:2: 100%\r::set-env name=X::y\nsrc/a.py:1:2: x%0A::warning::y\n"
    run = ended(PIPELINE, tmp_path / "run", {"lint": "failed"}, logs={"lint": hostile})
    lines = commands(failures(run)).splitlines()
    assert lines == ["::error file=src/a.py,line=1,col=2,title=lint::x%250A::warning::y"]


def test_annotations_are_limited_to_what_github_shows(tmp_path: Path) -> None:
    log = "".join(f"src/a.py:{line}:1: E501 long\n" for line in range(1, 40))
    run = ended(PIPELINE, tmp_path / "run", {"lint": "failed"}, logs={"lint": log})
    assert commands(failures(run)).count("::error ") == 10


def test_summary_has_a_row_per_leg_and_the_command_to_repeat_it(tmp_path: Path) -> None:
    run = ended(PIPELINE, tmp_path / "run", {"lint": "failed", "checks": "cached"}, logs={"lint": LINTS})
    text = summary(run)
    assert "| lint | ❌ failed | 1.5 |  |" in text
    assert "| checks | ♻️ unchanged |" in text
    assert "`./ecluse run lint`" in text
    assert "- src/a.py:3: E501 line too long" in text


def test_job_output_is_escaped_in_the_summary(tmp_path: Path) -> None:
    run = ended(PIPELINE, tmp_path / "run", {"lint": "failed"}, reasons={"lint": "<img src=x> | [a](b) `c`"})
    assert "&lt;img src=x&gt; \\| \\[a\\](b) \\`c\\`" in summary(run)


def test_the_summary_is_added_to_the_file_that_github_names(tmp_path: Path) -> None:
    run = ended(PIPELINE, tmp_path / "run", {})
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    said: list[str] = []
    publish(run, {"GITHUB_STEP_SUMMARY": str(file)}, said.append)
    assert file.read_text() == "before\n" + summary(run)
    assert "".join(said) == ""


def test_a_summary_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    run = ended(PIPELINE, tmp_path / "run", {})
    publish(run, {"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "such" / "folder")}, lambda text: None)
