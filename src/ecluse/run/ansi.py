"""Terminal output of programs, as plain text and as HTML. Both treat it as hostile: a test may print anything."""

from __future__ import annotations

import html
import re

__all__ = ["as_html", "as_text"]

# CSI sequences, OSC sequences up to their end, and the escapes of two characters (ECMA-48).
_ESCAPE = re.compile(r"\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")

# Control characters that neither HTML nor XML 1.0 allows, or that would hide what follows.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")

_COLORS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_STYLES = {1: "bold", 2: "dim", 3: "italic", 4: "underline"}


def as_text(text: str) -> str:
    """*text* without escape sequences and control characters, a line rewritten with CR as it last was."""
    text = _ESCAPE.sub("", text).replace("\r\n", "\n")
    return _CONTROL.sub("", re.sub(r"[^\n]*\r(?=[^\n])", "", text).replace("\r", ""))


def as_html(text: str) -> str:
    """*text* as HTML: escaped, its colours as ``<span class="red bold">``; every other sequence is dropped."""
    parts: list[str] = []
    style: dict[str, str] = {}
    at = 0
    text = text.replace("\r\n", "\n")
    for match in _ESCAPE.finditer(text):
        parts.append(_span(text[at : match.start()], style))
        at = match.end()
        if match[2] == "m":
            _apply(match[1], style)
    parts.append(_span(text[at:], style))
    return "".join(parts)


def _span(text: str, style: dict[str, str]) -> str:
    escaped = html.escape(_CONTROL.sub("", text.replace("\r", "\n")))
    return f'<span class="{" ".join(style.values())}">{escaped}</span>' if style and escaped else escaped


def _apply(parameters: str, style: dict[str, str]) -> None:
    codes = [int(code) if code.isdecimal() and len(code) < 4 else 0 for code in parameters.split(";")]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style.clear()
        elif code in _STYLES:
            style[_STYLES[code]] = _STYLES[code]
        elif code == 22:
            style.pop("bold", None)
            style.pop("dim", None)
        elif code in (23, 24):
            style.pop(_STYLES[code - 20], None)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style["color"] = _COLORS[code % 10]
        elif code == 39:
            style.pop("color", None)
        elif code in (38, 48):  # 256 colours or RGB: their parameters are skipped, the text stays as it is
            del codes[: {5: 2, 2: 4}.get(codes[0] if codes else 0, 0)]
