from __future__ import annotations

from pathlib import Path

from ecluse.definition.model import Output
from ecluse.providers.log import Annotation
from ecluse.run.failures import failures
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
    assert list(failures(run)) == [Annotation("checks", "tox ended with 1")]
