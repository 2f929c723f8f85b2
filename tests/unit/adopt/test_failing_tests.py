"""Tests that fail: whose failure it is, and advice."""

from __future__ import annotations

import pytest

from ecluse.adopt.baseline import SuiteResult
from ecluse.adopt.failing_tests import advice, whose
from ecluse.adopt.suite import Suite


def test_advice_for_pytest_names_each_test() -> None:
    said = "\n".join(advice(Suite(("pytest",), "pytest.ini"), [f"shop/tests.py::test_{n}" for n in "abcd"]))
    assert '"--deselect=shop/tests.py::test_a", "--deselect=shop/tests.py::test_b"' in said
    assert "test_d" not in said and said.endswith(", …")


def test_advice_for_django_names_a_tag() -> None:
    said = "\n".join(advice(Suite(("python", "manage.py", "test"), "manage.py"), ["test_a (shop.tests.Shop)"]))
    assert '"--exclude-tag=known-failure"' in said


GREEN, RED = SuiteResult(2, (), 0.1, "OK"), SuiteResult(2, ("test_a",), 0.1, "FAILED")
STRANGE = SuiteResult(0, (), 0.1, 'django.db.utils.ProgrammingError: syntax error at or near "ENGINE"', broken=True)
BROKEN = SuiteResult(0, (), 0.1, "no such command", broken=True)


@pytest.mark.parametrize(
    ("engine", "before", "after", "answer"),
    [
        ("sqlite3", RED, RED, "theirs"),
        ("sqlite3", GREEN, RED, "PostgreSQL's"),
        ("sqlite3", GREEN, STRANGE, "PostgreSQL's"),
        ("sqlite3", BROKEN, STRANGE, "ours"),
        ("sqlite3", GREEN, BROKEN, "ours"),
        ("mysql", None, RED, "PostgreSQL's"),
        ("postgresql", None, RED, "theirs"),
    ],
)
def test_failure_is_theirs_of_postgresql_or_ours(
    engine: str, before: SuiteResult | None, after: SuiteResult, answer: str
) -> None:
    assert whose(engine, before, after) == answer
