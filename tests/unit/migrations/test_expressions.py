from __future__ import annotations

import pytest

from ecluse.migrations.expressions import makes_unique, may_fail, normal
from ecluse.migrations.schema import Column

COLUMNS = {"pages": Column("integer"), "title": Column("character varying(50)"), "price": Column("numeric(8,2)")}


@pytest.mark.parametrize(
    "expression",
    [
        "lower((title)::text)",
        "(pages * 2)",
        "((price)::double precision * '1.5'::double precision)",
        "((pages)::numeric * (2)::numeric)",
        "COALESCE(title, 'a/b'::character varying)",
        "((title)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
    ],
)
def test_expression_of_known_parts_cannot_fail(expression: str) -> None:
    assert not may_fail(expression, COLUMNS)


@pytest.mark.parametrize(
    "expression", ["(title)::integer", "(1000 / pages)", "own(title)", "((title)::jsonb ->> 'a'::text)", "(pages % 3)"]
)
def test_expression_that_casts_divides_or_calls_may_fail(expression: str) -> None:
    assert may_fail(expression, COLUMNS)


def test_cast_of_a_column_does_not_change_a_check() -> None:
    of_varchar = "CHECK (((status)::text = ANY ((ARRAY['a'::character varying, 'b c'::character varying])::text[])))"
    of_text = "CHECK ((status = ANY (ARRAY['a'::text, 'b c'::text])))"
    assert normal(of_varchar) == normal(of_text)


def test_precedence_is_part_of_a_check() -> None:
    assert normal("CHECK (((a AND b) OR c))") != normal("CHECK ((a AND (b OR c)))")


def test_default_that_gives_each_row_another_value() -> None:
    assert makes_unique("nextval('x'::regclass)") and makes_unique("gen_random_uuid()")
    assert not makes_unique("now()") and not makes_unique(None)
