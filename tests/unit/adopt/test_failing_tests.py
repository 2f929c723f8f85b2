"""Advice about tests that fail."""

from __future__ import annotations

from ecluse.adopt.failing_tests import advice
from ecluse.adopt.suite import Suite


def test_advice_for_pytest_names_each_test() -> None:
    said = "\n".join(advice(Suite(("pytest",), "pytest.ini"), [f"shop/tests.py::test_{n}" for n in "abcd"]))
    assert '"--deselect=shop/tests.py::test_a", "--deselect=shop/tests.py::test_b"' in said
    assert "test_d" not in said and said.endswith(", …")


def test_advice_for_django_names_a_tag() -> None:
    said = "\n".join(advice(Suite(("python", "manage.py", "test"), "manage.py"), ["test_a (shop.tests.Shop)"]))
    assert '"--exclude-tag=known-failure"' in said
