from __future__ import annotations

import pytest

from ecluse.migrations.statements import (
    asks_for_rows,
    bare,
    built_index,
    converts,
    decides,
    holds_nobody_up,
    leaves_the_database,
    reaches_out,
    writes,
)


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


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER ROLE site PASSWORD 'x'",
        "ALTER USER site WITH NOLOGIN",
        "DO $$ BEGIN ALTER ROLE site CONNECTION LIMIT 0; END $$",
        "COPY t TO PROGRAM 'rm x'",
        "ALTER SYSTEM SET max_connections = 5",
        "SELECT dblink_exec('x')",
    ],
)
def test_statement_that_leaves_the_database_is_known(sql: str) -> None:
    assert leaves_the_database(sql)


@pytest.mark.parametrize(
    "sql", ["ALTER ROLE site SET work_mem = '5MB'", "ALTER USER MAPPING FOR x SERVER y", "SELECT 'COPY t TO PROGRAM x'"]
)
def test_statement_that_stays_in_the_database_is_known(sql: str) -> None:
    assert not leaves_the_database(sql)


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("ALTER TABLE t ALTER a TYPE bigint USING a * 100", [("t", "a")]),
        ('ALTER TABLE ONLY s."T" ALTER COLUMN "A" SET DATA TYPE text USING upper("A"), ADD b int', [('s."T"', "A")]),
        ("ALTER TABLE t ALTER a TYPE bigint USING a::bigint, ALTER b TYPE text USING (b::text)", []),
        ("ALTER TABLE t ALTER a TYPE numeric(8,2) USING CAST(a AS numeric(8, 2))", []),
        ("ALTER TABLE t ALTER a TYPE varchar(9) USING a::character varying(9)", []),
        ("ALTER TABLE t ALTER a TYPE m USING a::text::m", []),
        ("ALTER TABLE t ALTER a TYPE text", []),
    ],
)
def test_values_that_a_statement_writes_anew_are_found(sql: str, found: list[tuple[str, str]]) -> None:
    assert converts(bare(sql)) == found


def test_block_that_changes_the_schema_may_decide_by_rows() -> None:
    assert decides("DO $$ BEGIN IF EXISTS (SELECT FROM t) THEN ALTER TABLE t DROP a; END IF; END $$")
    assert not decides("DO $$ BEGIN UPDATE t SET a = 1; END $$")
    assert not decides("ALTER TABLE t DROP a")


def test_question_for_rows_is_told_from_one_for_lists() -> None:
    assert asks_for_rows('SELECT 1 FROM "library_author" LIMIT 1')
    assert not asks_for_rows("SELECT relname FROM pg_class")
    assert not asks_for_rows("SELECT 1")


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ('INSERT INTO "library_author" VALUES (1)', ['"library_author"']),
        ("WITH x AS (DELETE FROM ONLY a RETURNING *) INSERT INTO b SELECT * FROM x", ["a", "b"]),
        ("DO $$ BEGIN UPDATE t SET a = 1; END $$", ["t"]),
        ("COMMENT ON TABLE t IS 'UPDATE t' -- UPDATE t", []),
        ("ALTER TABLE t DROP a", []),
    ],
)
def test_tables_whose_rows_a_statement_writes_are_found(sql: str, tables: list[str]) -> None:
    assert writes(sql) == tables
