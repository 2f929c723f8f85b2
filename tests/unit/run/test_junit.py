from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from ecluse.definition.model import Output
from ecluse.run.junit import as_xml, read
from tests.support.doubles.runs import ended
from tests.support.providers.pipelines import job, pipeline

PYTEST = """<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" tests="3">
<testcase classname="tests.test_a" name="test_one" time="0.25"/>
<testcase classname="tests.test_a" name="test_two" time="0.5"><failure message="assert 1 == 2">def test_two():
&gt;       assert 1 == 2
E       assert 1 == 2

tests/test_a.py:7: AssertionError</failure></testcase>
<testcase classname="tests.test_a" name="test_three" time="0"><skipped message="no engine"/></testcase>
</testsuite></testsuites>"""

PIPELINE = pipeline(job("lint"), job("tests", outputs=(Output(path="junit.xml", kind="junit"),)))


def test_pytest_junit_file_is_read_with_failure_places(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text(PYTEST)
    tests = read(tmp_path / "junit.xml")
    assert tests is not None
    assert (tests.total, tests.skipped, tests.seconds) == (3, 1, 0.75)
    (failure,) = tests.failures
    assert (failure.name, failure.file, failure.line) == ("tests.test_a::test_two", "tests/test_a.py", 7)
    assert failure.message == "assert 1 == 2"


@pytest.mark.parametrize("text", ["", "<testsuites><broken", "not xml"])
def test_truncated_junit_file_is_ignored(tmp_path: Path, text: str) -> None:
    (tmp_path / "junit.xml").write_text(text)
    assert read(tmp_path / "junit.xml") is None
    assert read(tmp_path / "missing.xml") is None


@pytest.mark.parametrize("encoding", ["nosuch", "gb2312", "utf-7"])
def test_junit_file_in_an_unknown_encoding_is_ignored(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "junit.xml").write_text(f'<?xml version="1.0" encoding="{encoding}"?><testsuites/>')
    assert read(tmp_path / "junit.xml") is None


def test_named_pipe_in_the_place_of_junit_is_ignored(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "junit.xml")
    assert read(tmp_path / "junit.xml") is None


@pytest.mark.parametrize("time", ["nan", "inf", "-1", "1,234.5", "1e999"])
def test_time_that_is_none_counts_as_nothing(tmp_path: Path, time: str) -> None:
    (tmp_path / "junit.xml").write_text(
        f'<testsuite><testcase name="a" time="{time}" line="{"9" * 5000}"/></testsuite>'
    )
    tests = read(tmp_path / "junit.xml")
    assert tests is not None and (tests.total, tests.seconds) == (1, 0)


def test_junit_of_a_run_has_a_suite_for_each_leg(tmp_path: Path) -> None:
    run = ended(PIPELINE, tmp_path / "run", {"tests": "failed"}, outputs={"tests": {"junit.xml": PYTEST}})
    root = ElementTree.fromstring(as_xml(run).encode())
    found = {suite.get("name"): dict(suite.attrib) for suite in root}
    assert [case.get("name") for case in root.iter("testcase")] == ["lint", "test_one", "test_two", "test_three"]
    assert found["tests"]["failures"] == "1"
    assert found["tests"]["skipped"] == "1"
    assert found["lint"]["failures"] == "0"


def test_leg_that_failed_with_passing_tests_is_a_failure(tmp_path: Path) -> None:
    passing = "<testsuites><testsuite><testcase name='ok'/></testsuite></testsuites>"
    run = ended(PIPELINE, tmp_path / "run", {"tests": "failed"}, outputs={"tests": {"junit.xml": passing}})
    suite = ElementTree.fromstring(as_xml(run).encode())[1]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")


def test_junit_log_is_written_without_invalid_xml_characters(tmp_path: Path) -> None:
    run = ended(
        PIPELINE, tmp_path / "run", {"lint": "failed"}, logs={"lint": "\x1b[31m<bad>\x00\x0b ]]>\ufffe\x1b[0m\n"}
    )
    failure = ElementTree.fromstring(as_xml(run).encode()).find(".//failure")
    assert failure is not None
    assert failure.text == "<bad> ]]>\n"


def test_leg_that_did_not_run_is_skipped_with_a_reason(tmp_path: Path) -> None:
    run = ended(PIPELINE, tmp_path / "run", {"tests": "skipped"}, reasons={"tests": "needs lint, which failed"})
    skipped = ElementTree.fromstring(as_xml(run).encode()).find(".//skipped")
    assert skipped is not None
    assert skipped.get("message") == "needs lint, which failed"
