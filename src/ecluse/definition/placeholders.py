"""Placeholders ``{…}`` in steps: a matrix value, or the leg's own output folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

__all__ = ["OUTPUT", "fill", "unknown"]

OUTPUT = "output"
"""The placeholder of a leg's own output folder. No axis may have this name."""

_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)(?:\.(\w+))?\}")

_FORMS: dict[str | None, Callable[[str], str]] = {
    None: lambda value: value,
    "digits": lambda value: "".join(filter(str.isdigit, value)),
}


def fill(text: str, values: Mapping[str, str]) -> str:
    """*text* with its placeholders replaced by *values*; unknown placeholders stay as they are."""

    def value(match: re.Match[str]) -> str:
        name, form = match.groups()
        return _FORMS[form](values[name]) if name in values and form in _FORMS else match[0]

    return _PLACEHOLDER.sub(value, text)


def unknown(text: str, names: set[str]) -> list[str]:
    """The placeholders of *text*, as written, that are neither in *names* nor of the form ``.digits``."""
    return [
        match[0] for match in _PLACEHOLDER.finditer(text) if match[1] not in names | {OUTPUT} or match[2] not in _FORMS
    ]
