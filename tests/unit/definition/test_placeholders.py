from __future__ import annotations

import pytest

from ecluse.definition.placeholders import fill, unknown


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("py{python}", "py3.13"),
        ("py{python.digits}-{python}", "py313-3.13"),
        ("{output}/junit.xml", "out/junit.xml"),
        ("{other} {python.upper}", "{other} {python.upper}"),
        ('{"a": {"b": 1}} ${HOME} {} {0}', '{"a": {"b": 1}} ${HOME} {} {0}'),
    ],
)
def test_a_placeholder_is_filled_and_everything_else_stays(text: str, filled: str) -> None:
    assert fill(text, {"python": "3.13", "output": "out"}) == filled


def test_value_that_looks_like_a_placeholder_is_kept() -> None:
    assert fill("{a}", {"a": "{b}", "b": "wrong"}) == "{b}"


def test_unknown_placeholders_are_named_as_they_are_written() -> None:
    assert unknown("{python} {pyhton.digits} {output} {python.upper}", {"python"}) == [
        "{pyhton.digits}",
        "{python.upper}",
    ]
