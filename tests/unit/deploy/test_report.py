"""The arguments of a preflight."""

from __future__ import annotations

from typing import Any

import pytest

from ecluse.definition.model import Environment
from ecluse.deploy.report import asked


@pytest.mark.parametrize(
    ("fields", "arguments"),
    [
        ({"faces_world": False, "known_warnings": ("security.W004",)}, []),
        ({}, ["--deploy"]),
        ({"known_warnings": ("security.W004", "a b")}, ["--deploy", "--known=security.W004", "--known=a b"]),
    ],
)
def test_known_warnings_reach_the_preflight(fields: dict[str, Any], arguments: list[str]) -> None:
    made = Environment(name="local", target="server", settings="s", url="https://shop.example", **fields)
    assert asked(made) == arguments
