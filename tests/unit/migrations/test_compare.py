"""The comparison of two schemas, for what tests/integration/migrations cannot make on the PostgreSQL that is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecluse.migrations.compare import findings
from ecluse.migrations.schema import Check, Column, Foreign, Key, Relation, Schema
from ecluse.migrations.uses import UsedColumn, UsedTable, Uses

USES = Uses({"t": UsedTable({"id": UsedColumn(default=True), "a": UsedColumn(null=True), "b": UsedColumn()})})
TABLE = Relation(
    oid=1,
    columns={
        "id": Column("bigint", not_null=True, identity="d", place=1),
        "a": Column("text", place=2),
        "b": Column("text", not_null=True, place=3),
    },
    keys={"pk": Key(("id",), frozenset({"id"}), "btree (id)")},
    foreign={"f": Foreign(("a",), "public.u", ("id",))},
)


def schema(table: Relation, *, visible: str = "public.t") -> Schema:
    return Schema(relations={"public.t": table}, visible={"t": visible})


def changed(**columns: Column) -> Relation:
    return replace(TABLE, columns={**TABLE.columns, **columns})


SAFE = {
    "column with a default": changed(c=Column("text", not_null=True, default="''", place=4)),
    "unique empty column": replace(
        changed(c=Column("text", place=4)), keys={**TABLE.keys, "k": Key(("c",), frozenset("c"), "btree (c)")}
    ),
    "key that another one implies": replace(
        TABLE, keys={**TABLE.keys, "k": Key(("id", "a"), frozenset({"id", "a"}), "btree (id, a)")}
    ),
    "check of a new column": replace(
        changed(c=Column("integer", place=4)), checks={"c": Check("CHECK (c > 0)", frozenset("c"))}
    ),
    "check that it is not null": replace(TABLE, checks={"c": Check("CHECK (b IS NOT NULL)", frozenset("b"))}),
    "foreign key of a new column": replace(
        changed(c=Column("bigint", place=4)), foreign={**TABLE.foreign, "g": Foreign(("c",), "public.u", ("id",))}
    ),
    "foreign key dropped": replace(TABLE, foreign={}),
}


@pytest.mark.parametrize("after", SAFE.values(), ids=SAFE)
def test_harmless_change_is_compatible(after: Relation) -> None:
    assert findings(schema(TABLE), schema(after), USES) == []


UNSAFE = {
    "another table of the name": (replace(TABLE, oid=2), "replaces the table t by another of that name"),
    "collation that ignores case": (
        changed(a=replace(TABLE.columns["a"], same=False)),
        "changes which values of t.a count as equal",
    ),
    "unique and no two empty": (
        replace(
            changed(c=Column("text", place=4)),
            keys={**TABLE.keys, "k": Key(("c",), frozenset("c"), "btree (c)", nulls_distinct=False)},
        ),
        "adds a unique constraint k on t(c)",
    ),
    "unique with one default": (
        replace(
            changed(c=Column("integer", default="1", place=4)),
            keys={**TABLE.keys, "k": Key(("c",), frozenset("c"), "")},
        ),
        "adds a unique constraint k on t(c)",
    ),
    "check of both": (
        replace(changed(c=Column("integer", place=4)), checks={"c": Check("CHECK (c > b)", frozenset("cb"))}),
        "adds a check c to t: CHECK (c > b)",
    ),
    "foreign key that deletes": (
        replace(TABLE, foreign={"f": replace(TABLE.foreign["f"], actions="ca")}),
        "changes what the foreign key f of t does when its target goes",
    ),
    "foreign key at once": (
        replace(TABLE, foreign={"f": replace(TABLE.foreign["f"], deferrable=False)}),
        "checks the foreign key f of t at once: the serving release may write in another order",
    ),
    "foreign key at once unless asked": (
        replace(TABLE, foreign={"f": replace(TABLE.foreign["f"], deferred=False)}),
        "checks the foreign key f of t at once: the serving release may write in another order",
    ),
    "check of no column": (
        replace(TABLE, checks={"c": Check("CHECK (false)", frozenset())}),
        "adds a check c to t: CHECK (false)",
    ),
    "unlogged": (replace(TABLE, lasting=False), "makes t unlogged: a crash of the server empties it"),
}


@pytest.mark.parametrize(("after", "reason"), UNSAFE.values(), ids=UNSAFE)
def test_breaking_change_is_found(after: Relation, reason: str) -> None:
    assert findings(schema(TABLE), schema(after), USES) == [reason]


def test_foreign_key_by_which_the_database_deletes_is_relied_on() -> None:
    before = replace(TABLE, foreign={"f": replace(TABLE.foreign["f"], actions="ca")})
    assert findings(schema(before), schema(replace(TABLE, foreign={})), USES) == [
        "drops the foreign key f of t, by which the database deletes or empties rows"
    ]


def test_table_that_the_release_does_not_use_may_go() -> None:
    assert findings(schema(TABLE), Schema(), Uses({})) == []


def test_table_that_was_not_there_is_not_missed() -> None:
    assert findings(Schema(), Schema(), USES) == []


def test_setting_of_speed_is_harmless_and_the_search_path_is_not() -> None:
    before = Schema(settings=frozenset({"search_path=public"}))
    assert findings(before, replace(before, settings=before.settings | {"work_mem=5MB"}), USES) == []
    (reason,) = findings(before, replace(before, settings=frozenset()), USES)
    assert "search_path=public" in reason


def test_extension_and_function_may_be_used_without_a_table() -> None:
    before = Schema(extensions={"unaccent": "public"}, functions={"f()": "1", "g()": "1"}, called=frozenset({"g()"}))
    after = Schema(functions={"g()": "2"})
    assert findings(before, after, USES) == [
        "drops the extension unaccent: the serving release may use it",
        "drops the function f(): the serving release may use it",
        "changes the function g(), which defaults, checks, indexes, views or other functions call",
    ]


def test_extension_in_another_schema_is_not_found_by_its_name() -> None:
    before, after = Schema(extensions={"unaccent": "public"}), Schema(extensions={"unaccent": "other"})
    assert findings(before, after, USES) == [
        "moves the extension unaccent to the schema other: the serving release may use it"
    ]


def test_type_and_collation_may_be_used_without_a_table() -> None:
    before = Schema(kinds=frozenset({"type mood", "collation german"}))
    assert findings(before, Schema(kinds=frozenset({"type mood"})), USES) == [
        "drops or renames the collation german: the serving release may use it"
    ]


def test_unique_index_that_ignores_case_is_not_implied() -> None:
    plain = Key(("b",), frozenset("b"), "btree (b)")
    loose = replace(plain, definition="btree (b COLLATE ci)", loose=True)
    before = replace(TABLE, keys={**TABLE.keys, "k": plain})
    after = replace(before, keys={**before.keys, "l": loose})
    assert findings(schema(before), schema(after), USES) == ["adds a unique constraint l on t(b)"]
