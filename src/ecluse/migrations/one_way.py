"""Migrations without a way back: the data that they delete or change is nowhere else in the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .pending import does_nothing

__all__ = ["one_way"]


def one_way(operations: Any) -> Iterator[str]:
    """The reasons why what *operations* do to a database cannot be undone."""
    from django.db import migrations

    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from one_way(operation.database_operations)
        elif isinstance(operation, migrations.RemoveField | migrations.DeleteModel):
            yield f"{operation.describe()}: its data is deleted"
        elif not operation.reversible and not does_nothing(operation):
            yield f"{operation.describe()}: it says nothing of how to undo it"
