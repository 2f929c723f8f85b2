"""The tables of a project's TOML file."""

from __future__ import annotations

from typing import Any

import pytest

from ecluse.adopt.toml import strings, table


@pytest.mark.parametrize("values", [{}, {"tool": 1}, {"tool": {"uv": "text"}}, {"tool": [{"uv": {}}]}])
def test_another_thing_is_no_table(values: dict[str, Any]) -> None:
    assert table(values, "tool", "uv") == {}


def test_table_is_found_at_its_path() -> None:
    assert table({"tool": {"uv": {"index": []}}}, "tool", "uv") == {"index": []}


@pytest.mark.parametrize(("value", "found"), [(["a", None, {"b": 1}], ["a"]), ("text", []), (None, []), (1, [])])
def test_strings_are_those_of_a_list(value: Any, found: list[str]) -> None:
    assert strings(value) == found
