from __future__ import annotations

import pytest

from ecluse.migrations.widening import holds

WIDER = [
    ("varchar(50)", "varchar(80)"),
    ("varchar(50)", "varchar"),
    ("character varying(50)", "text"),
    ("varchar", "text"),
    ("text", "character varying"),
    ("character varying(5)[]", "character varying(9)[]"),
    ("smallint", "integer"),
    ("integer", "bigint"),
    ("serial", "bigserial"),
    ("real", "double precision"),
    ("numeric(8, 2)", "numeric(10, 2)"),
    ("numeric(8,2)", "numeric(9,3)"),
    ("numeric(8,2)", "numeric"),
    ("timestamp(3) with time zone", "timestamp with time zone"),
    ("bit varying(3)", "bit varying(5)"),
    ("inet", "inet"),
]


@pytest.mark.parametrize(("old", "new"), WIDER)
def test_wider_type_holds_all_values_of_the_old_type(old: str, new: str) -> None:
    assert holds(old, new)


NARROWER = [
    ("varchar(50)", "varchar(20)"),
    ("varchar", "varchar(20)"),
    ("text", "varchar(20)"),
    ("text", "varchar(20)[]"),
    ("varchar(20)[]", "text"),
    ("bigint", "integer"),
    ("integer", "numeric"),
    ("integer", "text"),
    ("numeric(8,2)", "numeric(8,3)"),
    ("numeric(8,2)", "numeric(8,0)"),
    ("numeric", "numeric(8,2)"),
    ("double precision", "real"),
    ("timestamp with time zone", "timestamp without time zone"),
    ("timestamp with time zone", "timestamp(3) with time zone"),
    ("timestamp with time zone", "date"),
    ("character(9)", "character(10)"),
    ("json", "jsonb"),
    ("citext", "text"),
]


@pytest.mark.parametrize(("old", "new"), NARROWER)
def test_narrower_type_does_not_hold_all_old_values(old: str, new: str) -> None:
    assert not holds(old, new)
