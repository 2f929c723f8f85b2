"""Files of the programs that watch, as text: YAML with a mark of ours."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML

__all__ = ["MARK", "as_yaml", "duration"]

MARK = "Written by `ecluse provision`"
"""The mark by which the program that provisions knows a file of ours."""


def as_yaml(value: Any) -> str:
    """*value* as the text of a YAML file."""
    yaml = YAML()
    yaml.width = 10_000
    buffer = io.StringIO()
    yaml.dump(value, buffer)
    return f"# {MARK}\n{buffer.getvalue()}"


def duration(seconds: float) -> str:
    """*seconds* as Prometheus and Alertmanager write them."""
    return f"{round(seconds * 1000)}ms"
