"""Secrets: a type that cannot be printed by accident, and the masking of secret values in output."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["REDACTED", "Masker", "Secret", "known", "masked"]

REDACTED = "[REDACTED]"

# Shorter values would mask ordinary words ("on", "dev") and so tell what they are.
_SHORTEST_MASKED = 4

_known: set[str] = set()


class Secret:
    """A value that prints as ``[REDACTED]``, and is masked in the output of every program started from now on."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        # A program may print the lines of a multi-line secret (a private key) one at a time.
        _known.update(part for part in (value, *value.splitlines()) if len(part) >= _SHORTEST_MASKED)

    def reveal(self) -> str:
        """The secret's value. Only for a program's environment or standard input, never for its arguments."""
        return self._value

    def __repr__(self) -> str:
        return REDACTED

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(REDACTED, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is not pickled: it would be written in clear")


def known() -> frozenset[str]:
    """The values of all secrets of this process."""
    return frozenset(_known)


def masked(text: str) -> str:
    """*text* with the values of all secrets of this process replaced."""
    masker = Masker(known())
    return masker.feed(text) + masker.flush()


class Masker:
    """Masks values in a text that arrives in pieces, even if a value is split over two pieces.

    A possible beginning of a value is held back until the next piece, or until :meth:`flush`.
    """

    def __init__(self, values: Iterable[str]) -> None:
        # Longest first: of two values that begin alike, the longer one must not leave its end in clear.
        self._values = sorted((value for value in values if value), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self._values)))
        self._held = ""

    def feed(self, text: str) -> str:
        """*text*, masked: with the part held back before, and without the part that must be held back now."""
        if not self._values:
            return text
        text = self._held + text
        open_end = len(text) - max(_overlap(text, value) for value in self._values)
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
        """The part that is still held back, masked; called when no more text follows."""
        held, self._held = self._held, ""
        return self._pattern.sub(REDACTED, held) if self._values else held


def _overlap(text: str, value: str) -> int:
    """The length of the longest end of *text* that is a beginning of *value*, but not all of it."""
    for length in range(min(len(value) - 1, len(text)), 0, -1):
        if text.endswith(value[:length]):
            return length
    return 0
