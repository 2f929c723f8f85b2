"""The answers of a slot's processes, counted by duration and by minute."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.deploy.targets.server.counts import BOUNDS, MINUTES, Tally, TallyFile, minutes_of, together, total_of


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "counts")


def test_file_that_is_not_there_yet_counts_nothing(path: str) -> None:
    assert total_of(path) == minutes_of(path, 10) == Tally()


def test_answers_of_all_workers_are_counted_by_duration(path: str) -> None:
    counter = TallyFile(path)
    for worker, seconds in ((1, 0.0005), (2, 0.0005), (66, 0.3), (2, 60.0)):
        counter.add(worker, seconds, error=seconds > 1)
    found = total_of(path)
    assert (found.answers, found.errors) == (4, 1)
    assert [(BOUNDS + (0,))[place] for place, number in enumerate(found.durations) for _ in range(number)] == [
        0.001,
        0.001,
        0.362039,
        0,
    ]


def test_file_has_its_room_on_the_disk_from_the_beginning(path: str) -> None:
    TallyFile(path)
    status = Path(path).stat()
    assert 512 * status.st_blocks >= status.st_size > 0


def test_file_is_added_to_by_a_process_that_starts_again(path: str) -> None:
    for _ in range(2):
        TallyFile(path).add(1, 0.1, error=False)
    assert total_of(path).answers == 2


def test_minutes_that_are_over_are_forgotten(path: str) -> None:
    counter = TallyFile(path)
    for minute in range(40):
        counter.add(1, 0.1, error=False, now=60.0 * minute)
    assert total_of(path).answers == 40
    now = 60.0 * 39 + 30
    assert [minutes_of(path, number, now).answers for number in (0, 1, 10)] == [1, 2, 11]
    assert minutes_of(path, 10, now + 60 * MINUTES).answers == 0


def test_earlier_counts_can_be_left_out(path: str) -> None:
    counter = TallyFile(path)
    counter.add(1, 9, error=True)
    before = total_of(path)
    counter.add(1, 0.1, error=False)
    after = total_of(path).less(before)
    assert (after.answers, after.errors, after.within(0.95)) == (1, 0, 0.128)
    assert together([before, after]) == total_of(path)


def test_seconds_within_which_a_share_was_answered(path: str) -> None:
    counter = TallyFile(path)
    for number in range(100):
        counter.add(1, 0.001 if number < 94 else 1.0, error=False)
    found = total_of(path)
    assert (found.within(0.94), found.within(0.95)) == (0.001, 1.024)
    assert Tally().within(0.95) == 0
