from __future__ import annotations

import pytest

from ecluse.migrations.statements import bare, built_index, holds_nobody_up, reaches_out


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("-- DROP TABLE x\nSELECT  1", "SELECT 1"),
        ("/* DROP /* TABLE */ x */ SELECT 'DROP ''TABLE'", "SELECT ''"),
        ("DO $$ DROP TABLE x $$", "DO ''"),
        ("DO $a$ x $$ y $a$;", "DO '';"),
    ],
)
def test_comments_and_strings_are_no_words(sql: str, said: str) -> None:
    assert bare(sql) == said


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "I" ON s.t (a);',
        "drop index concurrently if exists i",
        "ALTER TABLE t VALIDATE CONSTRAINT c",
        "VACUUM t",
    ],
)
def test_statement_that_blocks_no_query(sql: str) -> None:
    assert holds_nobody_up(bare(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX i ON t (a)",
        "CREATE INDEX concurrently_made ON t (a)",
        "ALTER TABLE t ADD concurrently integer",
        "VACUUM FULL t",
        "ALTER TABLE t VALIDATE CONSTRAINT c, ADD d integer",
        "ALTER TABLE t VALIDATE CONSTRAINT c; DROP TABLE t",
    ],
)
def test_statement_that_may_hold_others_up(sql: str) -> None:
    assert not holds_nobody_up(bare(sql))


def test_table_of_an_index_that_is_built_is_found() -> None:
    assert built_index('CREATE INDEX CONCURRENTLY IF NOT EXISTS "By_Name" ON ONLY s.t (a)') == ('"By_Name"', "s.t")
    assert built_index("CREATE INDEX i ON t (a)") is None


@pytest.mark.parametrize(
    "sql", ["create role x", "ALTER DATABASE x SET y = 1", "ALTER SYSTEM SET a = 1", "DROP OWNED BY x"]
)
def test_statement_that_reaches_out_of_its_database(sql: str) -> None:
    assert reaches_out(bare(sql))


def test_word_in_a_string_does_not_reach_out() -> None:
    assert not reaches_out(bare("COMMENT ON TABLE t IS 'see CREATE ROLE x'"))
