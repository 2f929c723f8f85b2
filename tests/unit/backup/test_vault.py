from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecluse.backup.vault import Listed, kept
from ecluse.definition.backups import Backup

LAST = datetime.fromisoformat("2026-11-27T04:00:00+00:00")


def backup(days_ago: float, proved: bool | None = True) -> Listed:
    began = LAST - timedelta(days=days_ago)
    return Listed(f"{days_ago:g}", began.isoformat(), "r1", 100, proved)


def stay(listed: list[Listed], **policy: int) -> set[str]:
    counts = {"keep_daily": 0, "keep_weekly": 0, "keep_monthly": 0, **policy}
    return kept(sorted(listed, key=lambda one: one.began), Backup(repository="/r", **counts))


def test_last_days_keep_a_backup_each() -> None:
    assert stay([backup(day) for day in range(10)], keep_daily=3) == {"0", "1", "2"}


def test_days_without_a_backup_do_not_count() -> None:
    assert stay([backup(day) for day in (0, 5, 50)], keep_daily=2) == {"0", "5"}


def test_newest_backup_of_a_day_is_kept() -> None:
    assert stay([backup(0.1), backup(0.05), backup(0)], keep_daily=5) == {"0"}


def test_proved_backup_is_kept_before_a_newer_one_of_its_day() -> None:
    # The newest one stays too: nothing is known of it yet.
    assert stay([backup(0.1), backup(0.05, None), backup(0, False)], keep_daily=1) == {"0.1", "0"}


def test_newest_proved_backup_is_kept_however_old() -> None:
    assert stay([backup(90), *(backup(day, False) for day in range(5))], keep_daily=2) == {"90", "0", "1"}


def test_weeks_and_months_keep_one_each() -> None:
    found = stay([backup(day) for day in range(100)], keep_daily=2, keep_weekly=2, keep_monthly=3)
    assert found == {"0", "1", "5", "27", "58"}  # Sunday the 22nd, the end of October, the end of September


@given(
    st.lists(
        st.tuples(st.integers(0, 4000), st.sampled_from([True, False, None])), min_size=1, unique_by=lambda x: x[0]
    ),
    *[st.integers(0, 12)] * 3,
)
def test_pruning_twice_deletes_nothing_more(
    found: list[tuple[int, bool | None]], daily: int, weekly: int, monthly: int
) -> None:
    listed = sorted((backup(hours / 24, proved) for hours, proved in found), key=lambda one: one.began)
    policy = Backup(repository="/r", keep_daily=daily, keep_weekly=weekly, keep_monthly=monthly)
    once = kept(listed, policy)
    assert kept([one for one in listed if one.id in once], policy) == once
    assert listed[-1].id in once
    if any(one.proved for one in listed):
        assert any(one.proved for one in listed if one.id in once)


@pytest.mark.parametrize(("proved", "verdict"), [(True, "proved"), (False, "FAILED"), (None, "not proved")])
def test_verdict_says_how_the_last_proof_ended(proved: bool | None, verdict: str) -> None:
    assert backup(0, proved).verdict == verdict
