"""Terminal output of programs, shown again as text, as HTML or on a terminal. It is hostile: tests print anything."""

from __future__ import annotations

import html
import re

__all__ = ["as_html", "as_terminal", "as_text"]

# Sequences of ECMA-48, in seven and in eight bits: CSI (colours, movements of the cursor), strings (titles, hyperlinks;
# one that nothing ends is ended by its line), and escapes of two characters.
_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)([0-?]*)[ -/]*([@-~])"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)

# Control characters that neither HTML nor XML 1.0 allows, or that would hide what follows.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")

_COLORS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_STYLES = {1: "bold", 2: "dim", 3: "italic", 4: "underline"}


def as_text(text: str) -> str:
    """*text* without escape sequences and control characters, a line rewritten with CR as it last was."""
    return _CONTROL.sub("", _rewritten(_ESCAPE.sub("", text)))


def as_terminal(text: str) -> str:
    """*text* for a terminal, with no other sequence than its colours, which end with it."""
    text, at = _rewritten(text), 0
    parts: list[str] = []
    for match in _ESCAPE.finditer(text):
        parts.append(_CONTROL.sub("", text[at : match.start()]))
        if match[2] == "m" and re.fullmatch(r"[\d;:]*", match[1]):
            parts.append(f"\x1b[{match[1]}m")
        at = match.end()
    parts.append(_CONTROL.sub("", text[at:]))
    return "".join(parts) + ("\x1b[0m" if len(parts) > 1 else "")


def _rewritten(text: str) -> str:
    """*text* with each line as it was last, where a CR began it anew."""
    return re.sub(r"[^\n]*\r(?=[^\n])", "", text.replace("\r\n", "\n")).replace("\r", "")


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
