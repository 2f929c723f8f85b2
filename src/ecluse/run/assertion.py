"""The difference that a failed assertion printed, out of the whole text of the failure."""

from __future__ import annotations

import textwrap

from ecluse.run.ansi import as_html, as_text

__all__ = ["as_diff"]

_CLASSES = {"-": "minus", "+": "plus", "?": "dim"}


def as_diff(text: str) -> str:
    """The difference as HTML, its lines marked as there (-) and wanted (+); empty where *text* has none."""
    plain = as_text(text).splitlines()
    found = textwrap.dedent("\n".join(_of_pytest(plain) or _of_unittest(plain))).strip("\n").splitlines()
    return "\n".join(map(_line, found))


def _of_pytest(lines: list[str]) -> list[str]:
    # pytest marks the lines of the assertion with an E before the source.
    return [line[1:] for line in lines if line == "E" or line.startswith("E ")]


def _of_unittest(lines: list[str]) -> list[str]:
    """The lines after the last traceback: the error's name, its message, and the difference."""
    begins = [number for number, line in enumerate(lines) if line.startswith("Traceback (")]
    if not begins:
        return []
    rest = lines[begins[-1] + 1 :]
    message = next((number for number, line in enumerate(rest) if line and not line.startswith(" ")), len(rest))
    return rest[message:]


def _line(line: str) -> str:
    name = _CLASSES.get(line.lstrip()[:1])
    shown = as_html(line)
    return f'<span class="{name}">{shown}</span>' if name else shown
