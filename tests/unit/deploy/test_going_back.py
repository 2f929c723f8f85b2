"""The dump that a rollback with data goes back to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecluse.deploy.going_back import dumped
from ecluse.deploy.history import Journal, Record
from ecluse.errors import PreflightError

ADDS = {"migrations": ("shop.0002_adds",)}


def record(release: str, previous: str | None = "old", **values: Any) -> Record:
    journal = Journal(id=release, kind="deploy", release=release, previous=previous, began=1, by="x", **values)
    return Record.of(journal, outcome="succeeded", serving=release, seconds=1)


def test_newest_rollout_that_migrated_has_the_dump() -> None:
    history = [record("a", dump="a", **ADDS), record("b", dump="b", **ADDS), record("c")]
    assert dumped(history, "local").release == "b"


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        ([], "no rollout has migrated the database"),
        ([record("first", None, **ADDS)], "no rollout has migrated the database"),
        ([record("a", dump="a", **ADDS), record("b", **ADDS)], "no dump was taken before the migrations of release b"),
        ([record("b", dump="b", **ADDS), record("old", restored="b")], "no rollout has migrated the database"),
    ],
)
def test_rollback_with_data_is_refused_where_there_is_no_dump(history: list[Record], reason: str) -> None:
    with pytest.raises(PreflightError, match=reason):
        dumped(history, "local")


def test_rollback_with_data_that_was_killed_may_be_done_again() -> None:
    killed = replace(record("old", "b", restored="b"), outcome="failed")
    assert dumped([record("b", dump="b", **ADDS), killed], "local").dump == "b"


def test_record_of_another_version_has_no_dump() -> None:
    value = record("a").as_json()
    del value["dump"], value["restored"]
    assert Record.from_json(value) == record("a")
