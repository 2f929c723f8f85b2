from __future__ import annotations

import pytest

from ecluse.providers.yaml import Commented, dump


@pytest.mark.parametrize(
    "value",
    [
        "3.10",
        "5432:5432",
        "true",
        "No",
        "null",
        "~",
        "012",
        "! grep x",
        "a: b",
        "# no",
        "on",
        "what? *",
        "",
        "  ",
        "a\tb",
        "\\",
        "'\"",
    ],
)
def test_yaml_string_is_read_back_unchanged(value: str) -> None:
    from ruamel.yaml import YAML

    text = dump({"key": value}, "Header.")
    for version in ("1.1", "1.2"):
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        assert reader.load(text) == {"key": value}


def test_yaml_comment_is_at_the_end_of_its_line() -> None:
    assert dump({"uses": Commented("a@1", "v1"), "b": 1}, "Two\nlines.") == "# Two\n# lines.\nuses: a@1 # v1\nb: 1\n"
