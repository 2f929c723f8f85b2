from __future__ import annotations

import pytest

from ecluse.migrations.views import same_rows

QUERY = " SELECT id,\n    title\n   FROM catalogue;"


@pytest.mark.parametrize(
    "query",
    [
        " SELECT id,\n    title,\n    isbn\n   FROM catalogue;",
        " SELECT id,\n    title\n   FROM catalogue\n  WHERE true;",
        QUERY,
    ],
)
def test_view_with_more_columns_gives_the_same_rows(query: str) -> None:
    assert same_rows(QUERY, query)


@pytest.mark.parametrize(
    "query",
    [
        " SELECT id,\n    title\n   FROM catalogue\n  WHERE id > 3;",
        " SELECT id,\n    isbn AS title\n   FROM catalogue;",
        " SELECT DISTINCT id,\n    title\n   FROM catalogue;",
        QUERY + "\n WITH check_option=local",
    ],
)
def test_view_with_another_query_may_give_other_rows(query: str) -> None:
    assert not same_rows(QUERY, query)


def test_distinct_view_with_more_columns_may_give_more_rows() -> None:
    assert not same_rows(" SELECT DISTINCT id\n   FROM c;", " SELECT DISTINCT id,\n    title\n   FROM c;")
