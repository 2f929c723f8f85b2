from __future__ import annotations

import functools
from typing import Any

import pytest

from ecluse.migrations.functions import may_change_schema


def _drop(editor: Any) -> None:
    editor.execute("alter table t drop c")


def by_sql(apps: Any, editor: Any) -> None:
    editor.execute("ALTER TABLE t DROP c")


def by_the_editor(apps: Any, editor: Any) -> None:
    editor.remove_field(apps.get_model("a", "B"), "c")


def by_another(apps: Any, editor: Any) -> None:
    if apps.get_model("a", "B").objects.exists():
        _drop(editor)


def of_rows(apps: Any, editor: Any) -> None:
    editor.execute("UPDATE t SET c = 1")
    apps.get_model("a", "B").objects.filter(c=1).delete()


@pytest.mark.parametrize("function", [by_sql, by_the_editor, by_another, functools.partial(by_sql, None)])
def test_function_that_may_change_a_schema_is_known(function: Any) -> None:
    assert may_change_schema(function)


@pytest.mark.parametrize("function", [of_rows, print, None])
def test_function_of_rows_changes_no_schema(function: Any) -> None:
    assert not may_change_schema(function)
