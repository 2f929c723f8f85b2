"""The result of a test run, read from its output."""

from __future__ import annotations

import pytest

from ecluse.adopt.baseline import count


@pytest.mark.parametrize(
    ("output", "ok", "ran", "failed", "broken"),
    [
        ("Ran 12 tests in 1.2s\n\nOK\n", True, 12, (), False),
        (
            "FAIL: test_a (shop.tests.A)\n---\nRan 2 tests in 1s\nFAILED (failures=1)\n",
            False,
            2,
            ("test_a (shop.tests.A)",),
            False,
        ),
        ("Found 0 test(s).\n\nRan 0 tests in 0.000s\n\nNO TESTS RAN\n", True, 0, (), False),
        ("===== 3 passed, 1 skipped in 0.2s =====\n", True, 3, (), False),
        (
            "FAILED tests/test_a.py::test_b - assert\n== 1 failed, 2 passed in 1s ==\n",
            False,
            3,
            ("tests/test_a.py::test_b",),
            False,
        ),
        (
            "\x1b[31mFAILED\x1b[0m tests/test_a.py::\x1b[1mtest_b\x1b[0m - assert\n"
            "\x1b[31m== \x1b[31m\x1b[1m1 failed\x1b[0m, \x1b[32m2 passed\x1b[0m\x1b[31m in 1.20s ==\x1b[0m\n",
            False,
            3,
            ("tests/test_a.py::test_b",),
            False,
        ),
        ("===== no tests ran in 0.01s =====\n", False, 0, (), False),
        ("ModuleNotFoundError: No module named 'x'\n", False, 0, (), True),
    ],
)
def test_run_is_counted(output: str, ok: bool, ran: int, failed: tuple[str, ...], broken: bool) -> None:
    tests = count(output, ok, 1.0)
    assert (tests.ran, tests.failed, tests.broken) == (ran, failed, broken)


def test_run_of_no_test_is_not_green() -> None:
    assert not count("Ran 0 tests in 0.0s\n", True, 1.0).green
