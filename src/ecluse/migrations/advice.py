"""The findings of a rehearsal, for people: the locks, how long each lasts on a table of that size, the alternative."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .listen import TableLock
from .statements import bare

__all__ = ["READ", "REWRITE", "Size", "lines"]

READ = 100e6
"""Bytes a second that a table is read through with, to check or to index it: a cautious figure for a cloud disk."""

REWRITE = 20e6
"""Bytes a second that a table is written anew with, its indexes included."""

_BLOCKS = {
    "ShareLock": "writing",
    "ShareRowExclusiveLock": "writing",
    "ExclusiveLock": "writing",
    "AccessExclusiveLock": "reading and writing",
}


@dataclass(frozen=True)
class Size:
    """How large a table of the serving database is, indexes left out, and about how many rows it has."""

    bytes: int
    rows: int


def lines(held: Iterable[TableLock], sizes: Mapping[str, Size]) -> Iterator[str]:
    """A sentence for each table that is locked, and one for what would hold nobody up."""
    strongest: dict[str, TableLock] = {}
    for one in held:
        known = strongest.get(one.table)
        if known is None or _weight(one) > _weight(known):
            strongest[one.table] = one
    for table, one in strongest.items():
        size = sizes.get(table)
        if size is None:  # the migration itself makes it
            continue
        yield f"locks {_short(table)} against {_BLOCKS[one.mode]} {_duration(one, size)}"
        instead = _instead(one) if one.reads or one.rewrites else None
        if instead:
            yield f"without holding anybody up: {instead}"


def _weight(held: TableLock) -> tuple[bool, bool, bool]:
    return held.rewrites, held.reads, held.mode == "AccessExclusiveLock"


def _duration(held: TableLock, size: Size) -> str:
    what = f"{_amount(size.bytes)}, about {size.rows:,} rows"
    if held.rewrites:
        return f"while it is written anew: {what}, about {_seconds(size.bytes / REWRITE)}"
    if held.reads:
        return f"while it is read through: {what}, about {_seconds(size.bytes / READ)}"
    return "for a moment"


def _seconds(seconds: float) -> str:
    if seconds < 1:
        return "less than a second"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _amount(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def _short(table: str) -> str:
    return table.removeprefix("public.")


def _instead(held: TableLock) -> str | None:
    """The statement, or the steps, that do the same and hold nobody up."""
    said, table = bare(held.statement), _short(held.table)
    if found := re.match(r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)(.*)", said, re.I):
        index = f"CREATE {(found[1] or '').upper()}INDEX CONCURRENTLY {found[2].rstrip('; ')}"
        return f"{index} (AddIndexConcurrently, in a migration with atomic = False)"
    if re.search(r"\bFOREIGN KEY\b|\bREFERENCES\b", said, re.I):
        return f"add the foreign key NOT VALID; then, in another migration, ALTER TABLE {table} VALIDATE CONSTRAINT …"
    if re.search(r"\b(?:UNIQUE|PRIMARY KEY)\b", said, re.I):
        index = f"CREATE UNIQUE INDEX CONCURRENTLY … ON {table}"
        return f"{index}; then ALTER TABLE {table} ADD CONSTRAINT … UNIQUE USING INDEX …"
    if re.search(r"\bCHECK\b", said, re.I):
        return f"AddConstraintNotValid; then, in another migration, ValidateConstraint ({table})"
    if re.search(r"\bSET NOT NULL\b", said, re.I):
        return "a check that it IS NOT NULL, added NOT VALID and validated in another migration; then SET NOT NULL"
    if held.rewrites:
        return "a new column that may be empty, filled in portions; then use it instead of this one"
    return None
