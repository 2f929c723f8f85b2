"""Numbers that a sequence is still to give, although a row that a migration has written has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .schema import Schema
from .uses import Uses

__all__ = ["taken"]


def taken(connection: Any, after: Schema, uses: Uses) -> Iterator[str]:
    """Why a release that lets sequences number its rows would meet a row of that number. *connection* is connected to
    the copy, which has the rows that migrations have written, and no others.
    """
    wanted = []
    for table, used in uses.tables.items():
        full = after.named(table)
        relation = after.relations[full] if full else None
        for name, column in (relation.columns if relation else {}).items():
            counts = name in used.columns and used.columns[name].default and column.sequence is not None
            if full and relation and relation.kind == "r" and "s" in relation.rights and counts:
                wanted.append((f"{table}.{name}", full, name, column.sequence.last if column.sequence else None))
    if not wanted:
        return
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT {number}, max({quote(name)}) FROM {'.'.join(map(quote, full.split('.', 1)))}"
                for number, (_at, full, name, _last) in enumerate(wanted)
            )
        )
        for number, highest in cursor.fetchall():
            at, _full, _name, last = wanted[number]
            if highest is not None and highest > (last or 0):
                yield f"writes rows whose {at} the sequence is still to give: the serving release meets them"
