"""Finding the values of secrets in what programs print, in every form that they take there."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

__all__ = ["REDACTED", "Masker", "forms", "overwritten"]

REDACTED = "[REDACTED]"

# Shorter values would mask ordinary words ("on", "dev") and so tell what they are.
_SHORTEST = 4
# A few characters in base64 are few bytes: they would be found by chance.
_SHORTEST_ENCODED = 8
# Longer forms are masked piece by piece: what could be the beginning of one is held back while a program prints.
_LONGEST = 120
# `base64` and MIME break their lines there, PEM after 64.
_LINES = (76, 64)

# Names of a URL's parameters, and of a JSON object's fields, whose values are secrets of their own.
_TELLING = re.compile(r"pass|pwd|secret|token|key|credential|auth", re.IGNORECASE)


def forms(value: str) -> frozenset[str]:
    """All that must not be shown of a secret's *value*.

    The value, its lines, and passwords inside it (where it is a URL, or JSON). Each as it is, escaped as in JSON,
    Python, URLs, HTML and a shell, and encoded in base64 (once or twice) and base32, also inside of something longer,
    and in hexadecimal digits.
    """
    found: set[str] = set()
    for part in {value, value.strip(), *value.splitlines(), *_passwords(value)}:
        if len(part) >= _SHORTEST:
            found |= set(_written(part))
    return frozenset(piece for form in found for piece in _pieces(form) if len(piece) >= _SHORTEST)


def _passwords(value: str) -> Iterator[str]:
    """The passwords inside *value*: of a URL, as it is written and as it is meant; of the fields of a JSON object."""
    if "://" in value:
        try:
            parts = urlsplit(value.strip())
            parameters = parse_qsl(parts.query)
        except ValueError:
            return
        if parts.password:
            yield parts.password
            yield unquote(parts.password)
        elif parts.username and "@" in parts.netloc:  # https://TOKEN@host
            yield parts.username
            yield unquote(parts.username)
        yield from (text for name, text in parameters if _TELLING.search(name))
    elif value.lstrip()[:1] == "{":
        try:
            fields = json.loads(value)
        except ValueError:
            return
        for name, text in fields.items():
            if isinstance(text, str) and _TELLING.search(name):
                yield text
                yield from text.splitlines()


def _written(part: str) -> Iterator[str]:
    yield part
    yield json.dumps(part)[1:-1]
    yield json.dumps(part, ensure_ascii=False)[1:-1]
    yield json.dumps(json.dumps(part)[1:-1])[1:-1]
    yield from _json_without_html(part)
    yield repr(part)[1:-1]
    yield ascii(part)[1:-1]
    yield from _quoted(part)
    for escaped in (quote(part, safe=""), quote(part), quote_plus(part)):
        yield escaped
        yield re.sub("%..", lambda match: match[0].lower(), escaped)
    yield from _html(part)
    yield shlex.quote(part).strip("'")
    content = part.encode("utf-8", "surrogateescape")
    yield repr(content)[2:-1]
    if len(part) >= _SHORTEST_ENCODED:
        yield content.hex()
        yield content.hex().upper()
    yield from _base64(content)
    for once in {*_inside_base64(content)}:  # an account in a file of accounts, as Kubernetes and Docker keep them
        yield from _inside_base64(once.encode())
    yield from _base32(content)


def _quoted(part: str) -> Iterator[str]:
    """*part* inside a longer text that is quoted: which quotes are escaped depends on the rest of that text."""
    for text in (part.encode("unicode_escape").decode("ascii"), part.replace("\\", "\\\\")):
        yield text
        yield text.replace("'", "\\'")
        yield text.replace('"', '\\"')


def _json_without_html(part: str) -> Iterator[str]:
    """*part* in JSON for a page: Django, Go and PHP escape characters of HTML."""
    text = json.dumps(part)[1:-1]
    yield text.replace("/", "\\/")
    for characters in ("<>&", "<>&'", "<>&/'"):
        for pattern in ("\\u{:04x}", "\\u{:04X}"):
            yield "".join(pattern.format(ord(one)) if one in characters else one for one in text)


def _html(part: str) -> Iterator[str]:
    """*part* in HTML and XML, as Python, Django, Jinja and others write quotes; with numbers for all but letters."""
    bare = html.escape(part, quote=False)
    yield bare
    for double in ('"', "&quot;", "&#34;"):
        for single in ("'", "&#x27;", "&#39;", "&apos;"):
            yield bare.replace('"', double).replace("'", single)
    for pattern in ("&#{};", "&#x{:x};", "&#x{:X};"):
        yield "".join(one if one.isascii() and one.isalnum() else pattern.format(ord(one)) for one in part)
        yield "".join(one if one.isalnum() else pattern.format(ord(one)) for one in part)
        yield "".join(one if one.isascii() else pattern.format(ord(one)) for one in bare)


def _base64(content: bytes) -> Iterator[str]:
    """*content* in base64: alone, in one line or several, and inside of something longer."""
    yield from _inside_base64(content)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(content).decode()
        if len(whole) >= _SHORTEST_ENCODED:
            yield whole
            for width in _LINES:
                yield from (line for line in (whole[at : at + width] for at in range(0, len(whole), width)) if line)


def _inside_base64(content: bytes) -> Iterator[str]:
    """*content* in base64, after none, one or two bytes of something else ("user:")."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield from _inside(content, encode, 6)


def _base32(content: bytes) -> Iterator[str]:
    for text in _inside(content, base64.b32encode, 5):
        yield text
        yield text.lower()


def _inside(content: bytes, encode: Callable[[bytes], bytes], bits: int) -> Iterator[str]:
    """The characters, of *bits* each, that *content* alone decides, wherever it stands in what is encoded."""
    for before in range(3 if bits == 6 else 5):
        text = encode(b"\0" * before + content).decode().rstrip("=")
        first, last = -(-8 * before // bits), 8 * (before + len(content)) // bits
        if last - first >= _SHORTEST_ENCODED:
            yield text[first:last]


def _pieces(form: str) -> Iterator[str]:
    if len(form) <= _LONGEST:
        yield form
        return
    for at in range(0, len(form), _LONGEST // 2):
        piece = form[at : at + _LONGEST // 2]
        if len(piece.strip()) >= _SHORTEST_ENCODED:
            yield piece


class Masker:
    """Masks values in a text that arrives in pieces, even if a value is split over two pieces.

    A possible beginning of a value is held back until the next piece, or until :meth:`flush`.
    """

    def __init__(self, values: Iterable[str]) -> None:
        self._pattern, self._beginnings, self._longest = _compiled(frozenset(filter(None, values)))
        self._held = ""

    def feed(self, text: str) -> str:
        """*text*, masked, with what was held back before it and without what must be held back now."""
        if not self._longest:
            return text
        text = self._held + text
        open_end = len(text) - self._overlap(text)
        shown, at = "", 0
        for match in self._pattern.finditer(text):
            if match.start() >= open_end:
                break
            shown += text[at : match.start()] + REDACTED
            at = match.end()
        cut = max(at, open_end)
        self._held = text[cut:]
        return shown + text[at:cut]

    def flush(self) -> str:
        """The text that is still held back, masked, once no more follows."""
        held, self._held = self._held, ""
        return self._pattern.sub(REDACTED, held) if self._longest else held

    def _overlap(self, text: str) -> int:
        """The length of the longest end of *text* that a value begins with, short of the whole value."""
        for length in range(min(self._longest - 1, len(text)), 0, -1):
            if text[-length:] in self._beginnings:
                return length
        return 0


def overwritten(content: bytes, values: Iterable[str]) -> bytes:
    """*content*, which is no text, with each of *values* overwritten: everything else stays at its place.

    Short values are found by chance in what is no text.
    """
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= _SHORTEST_ENCODED:
            for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                found = value.encode(encoding, "surrogatepass")
                content = content.replace(found, b"*" * len(found))
    return content


class _Tree(dict[str, "_Tree"]):
    """Characters that may follow, and an empty one where a value ends."""


@lru_cache(maxsize=8)
def _compiled(values: frozenset[str]) -> tuple[re.Pattern[str], frozenset[str], int]:
    """An expression that finds *values*, all their proper beginnings, and the length of the longest."""
    tree = _Tree()
    for value in values:
        node = tree
        for character in value:
            node = node.setdefault(character, _Tree())
        node[""] = _Tree()
    beginnings = frozenset(value[:length] for value in values for length in range(1, len(value)))
    return re.compile(_expression(tree), re.DOTALL), beginnings, max(map(len, values), default=0)


def _expression(tree: _Tree) -> str:
    """*tree* as an expression: of values that begin alike the longest is found, and each character is read once.

    One after the other, hundreds of forms would make a long log slow.
    """
    branches: list[str] = []
    for character, below in sorted(tree.items()):
        if not character:
            continue
        text = re.escape(character)
        while len(below) == 1 and "" not in below:  # no branch: no group
            ((character, below),) = below.items()
            text += re.escape(character)
        branches.append(text + (_expression(below) if below.keys() - {""} else ""))
    joined = f"(?:{'|'.join(branches)})"
    return f"{joined}?" if "" in tree else joined
