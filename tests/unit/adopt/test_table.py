"""The rows of an adoption: their seconds, and whose each failure is."""

from __future__ import annotations

import time

import pytest

from ecluse.adopt.table import Table, Whose
from ecluse.errors import AdoptError


def test_row_has_the_seconds_since_it_began() -> None:
    table = Table()
    with table.row("found", began=time.monotonic() - 60):
        pass
    assert 60 <= table.rows[0].seconds < 120


def test_failure_is_a_row_with_its_reason_and_is_raised() -> None:
    heard: list[str] = []
    table = Table(lambda row: heard.append(row.detail))
    with pytest.raises(AdoptError), table.row("serves", "theirs"):
        raise AdoptError("its page answers 500")
    assert heard == ["its page answers 500"]
    assert [(row.ok, row.whose) for row in table.rows] == [(False, "theirs")]


@pytest.mark.parametrize(("whose", "ok"), [("theirs", True), ("ours", False), ("PostgreSQL's", False)])
def test_table_is_well_where_every_failure_is_the_projects_own(whose: Whose, ok: bool) -> None:
    table = Table()
    with table.row("tests") as row:
        row.ok, row.whose = False, whose
    assert table.ok is ok
