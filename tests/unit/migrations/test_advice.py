from __future__ import annotations

import pytest

from ecluse.migrations.advice import Size, lines
from ecluse.migrations.listen import TableLock

SIZES = {"public.shop_thing": Size(bytes=2_000_000_000, rows=9_000_000)}


def said(
    statement: str, *, mode: str = "AccessExclusiveLock", reads: bool = False, rewrites: bool = False
) -> list[str]:
    return list(lines([TableLock("public.shop_thing", mode, reads, rewrites, statement)], SIZES))


def test_index_blocks_writing_and_is_built_concurrently_instead() -> None:
    assert said('CREATE INDEX "i" ON "shop_thing" ("name")', mode="ShareLock", reads=True) == [
        "locks shop_thing against writing while it is read through: 2.0 GB, about 9,000,000 rows, about 20 s",
        'without holding anybody up: CREATE INDEX CONCURRENTLY "i" ON "shop_thing" ("name") '
        "(AddIndexConcurrently, in a migration with atomic = False)",
    ]


def test_rewritten_table_blocks_reading_and_writing() -> None:
    first, second = said('ALTER TABLE "shop_thing" ALTER COLUMN "n" TYPE bigint', rewrites=True)
    assert first == (
        "locks shop_thing against reading and writing while it is written anew: "
        "2.0 GB, about 9,000,000 rows, about 100 s"
    )
    assert "a new column that may be empty" in second


@pytest.mark.parametrize(
    ("statement", "instead"),
    [
        ("ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (id)", "NOT VALID"),
        ("ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)", "UNIQUE USING INDEX"),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "AddConstraintNotValid"),
        ("ALTER TABLE t ALTER COLUMN a SET NOT NULL", "then SET NOT NULL"),
    ],
)
def test_statement_that_would_not_block_is_named(statement: str, instead: str) -> None:
    assert instead in said(statement, reads=True)[1]


def test_short_lock_needs_no_advice() -> None:
    assert said("ALTER TABLE shop_thing ADD x integer") == ["locks shop_thing against reading and writing for a moment"]


def test_table_that_the_migration_makes_is_not_mentioned() -> None:
    assert list(lines([TableLock("public.new", "AccessExclusiveLock", True, True, "")], SIZES)) == []


def test_longest_lock_of_a_table_is_reported() -> None:
    held = [
        TableLock("public.shop_thing", "AccessExclusiveLock", False, False, "a"),
        TableLock("public.shop_thing", "ShareLock", True, False, "b"),
    ]
    assert "read through" in next(lines(held, SIZES))
