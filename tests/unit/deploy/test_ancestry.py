from __future__ import annotations

import pytest

from ecluse.deploy.ancestry import refusal
from tests.support.doubles.rollouts import MemoryRelease

OLD, NEW = MemoryRelease("old", "aaa"), MemoryRelease("new", "bbb")


def of_one_line(commit: str, other: str) -> bool | None:
    """A history in which commits follow each other by name, and ``z`` is not known."""
    return None if "z" in commit + other else commit >= other


def test_newer_commit_may_follow() -> None:
    assert refusal(NEW, OLD, of_one_line) is None


def test_first_release_and_the_same_release_may_follow() -> None:
    assert refusal(OLD, None, of_one_line) is None
    assert refusal(OLD, OLD, of_one_line) is None


def test_commit_that_does_not_descend_is_refused_with_ways_out() -> None:
    error = refusal(OLD, NEW, of_one_line)
    assert error is not None and error.exit_code == 11
    assert error.what == "aaa does not descend from bbb, which serves: it would take changes back"
    assert "rollback" in str(error.hint) and "--older" in str(error.hint)


def test_history_that_cannot_tell_refuses_and_says_what_to_do() -> None:
    error = refusal(MemoryRelease("x", "z"), OLD, of_one_line)
    assert error is not None and "does not have the history" in error.what
    assert "git fetch --unshallow" in str(error.hint) and "--older" in str(error.hint)


@pytest.mark.parametrize(("new", "serving"), [("bbb", None), (None, "aaa")])
def test_release_without_a_commit_is_refused(new: str | None, serving: str | None) -> None:
    error = refusal(MemoryRelease("new", new), MemoryRelease("old", serving), of_one_line)
    assert error is not None
    assert f"the commit of release {'old' if new else 'new'} is not known" in error.what
