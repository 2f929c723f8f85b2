"""Migrations whose data is nowhere else afterwards."""

from __future__ import annotations

import pytest
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from ecluse.migrations.one_way import one_way


def fill(apps: object, editor: object) -> None:
    """Rows are filled."""


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (migrations.RemoveField("album", "price"), "Remove field price from album: its data is deleted"),
        (migrations.DeleteModel("Album"), "Delete model Album: its data is deleted"),
        (migrations.RunPython(fill), "Raw Python operation: it says nothing of how to undo it"),
        (migrations.RunSQL("UPDATE x SET y = 1"), "Raw SQL operation: it says nothing of how to undo it"),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_operation_that_cannot_be_undone_is_named(operation: Operation, reason: str, wrapped: bool) -> None:
    operations = [migrations.SeparateDatabaseAndState([operation])] if wrapped else [operation]
    assert list(one_way(operations)) == [reason]


def test_operation_with_a_way_back_needs_no_dump() -> None:
    operations = [
        migrations.AddField("album", "price", models.IntegerField(null=True)),
        migrations.RunPython(fill, fill),
        migrations.RunPython(migrations.RunPython.noop),
        migrations.RunSQL("UPDATE x SET y = 1", "UPDATE x SET y = 0"),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("album", "price")]),
    ]
    assert list(one_way(operations)) == []
