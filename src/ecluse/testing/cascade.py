"""A pytest plugin of one purpose, copied to where ``ecluse compatibility`` runs the tests of the release before.

Tests with real transactions empty the tables that their code knows. PostgreSQL refuses where a table that it does not
know, of the newer schema, refers to one of them: so that is emptied as well.
"""

from __future__ import annotations

from typing import Any


def pytest_sessionstart() -> None:
    # Not before: Django is imported when pytest-django has settings for it.
    from django.db.backends.postgresql.operations import DatabaseOperations

    sql_flush = DatabaseOperations.sql_flush

    def cascading(self: Any, style: Any, tables: Any, *, reset_sequences: bool = False, **options: Any) -> Any:
        return sql_flush(self, style, tables, reset_sequences=reset_sequences, allow_cascade=True)

    DatabaseOperations.sql_flush = cascading  # type: ignore[method-assign]
