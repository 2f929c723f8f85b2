"""Columns that a release leaves to the database: a row with nothing but their defaults is tried on the copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .schema import Relation, Schema
from .uses import UsedTable, Uses

__all__ = ["refused"]

_COLUMNS = """
SELECT a.attname, format('%%I %%s', a.attname, format_type(a.atttypid, a.atttypmod))
    || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s AND a.attname = ANY (%s) AND a.attgenerated = ''
"""

_CHECKS = """
SELECT format('CHECK (%%s)', pg_get_expr(conbin, conrelid)) FROM pg_constraint
WHERE conrelid = %s AND conname = ANY (%s)
"""


def refused(connection: Any, before: Schema, after: Schema, uses: Uses) -> Iterator[str]:
    """Why rows that a release writes would be refused for the columns that it does not write. *connection* is connected
    to the copy, which has the schema *after*.
    """
    for name, used in uses.tables.items():
        was, becomes = before.named(name), after.named(name)
        if was is None or becomes is None:
            continue
        old, new = before.relations[was], after.relations[becomes]
        left = _changed(old, new, used)
        if left and new.kind == "r":
            yield from _tried(connection, name, old, new, left)


def _changed(old: Relation, new: Relation, used: UsedTable) -> list[str]:
    """The columns that the release does not write, where what the database does with them is new."""
    left = {name for name in new.columns if name not in used.columns}
    known = {one.definition for one in old.checks.values()}
    checked = [one.columns for one in new.checks.values() if one.definition not in known and one.columns <= left]
    filled = [{name} for name in left if new.columns[name].default and new.columns[name] != old.columns.get(name)]
    return sorted(set().union(*checked, *filled))


def _tried(connection: Any, name: str, old: Relation, new: Relation, left: list[str]) -> Iterator[str]:
    from django.db import Error, transaction

    known = {one.definition for one in old.checks.values()}
    checks = [at for at, one in new.checks.items() if one.definition not in known and one.columns <= set(left)]
    said = ", ".join(left)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [new.oid, left])
        columns = dict(cursor.fetchall())
        cursor.execute(_CHECKS, [new.oid, checks])
        conditions = [condition for (condition,) in cursor.fetchall()]
        if len(columns) < len(left):
            yield f"checks {name}({said}), which the database computes of what the serving release writes"
            return
        try:
            with transaction.atomic(using=connection.alias):
                made = ", ".join([*columns.values(), *conditions])
                cursor.execute(f"CREATE TEMPORARY TABLE ecluse_row ({made}) ON COMMIT DROP")
                cursor.execute("INSERT INTO ecluse_row DEFAULT VALUES")
        except Error as error:
            line = str(error).strip().partition("\n")[0]
            yield f"refuses rows that leave {name}({said}) to the database, as the serving release does: {line}"
            return
        for at, key in new.foreign.items():
            if at in old.foreign or not set(key.columns) <= set(left):
                continue
            pairs = " AND ".join(
                f"t.{_quoted(theirs)} = r.{_quoted(own)}"
                for own, theirs in zip(key.columns, key.target_columns, strict=True)
            )
            target = ".".join(map(_quoted, key.target.split(".", 1)))
            empty = " OR ".join(f"{_quoted(own)} IS NULL" for own in key.columns)
            cursor.execute(
                f"SELECT count(*) FROM ecluse_row r WHERE {empty} OR EXISTS (SELECT FROM {target} t WHERE {pairs})"
            )
            if not cursor.fetchone()[0]:
                yield f"adds a foreign key {at} to {name}({said}), whose default names a row that may not be there"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
