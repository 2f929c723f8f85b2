"""Questions to a PostgreSQL of a test."""

from __future__ import annotations

from typing import Any

import psycopg2

__all__ = ["rows"]


def rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    """The rows of *sql*, run at once in the database at *url*; none where it returns nothing."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
