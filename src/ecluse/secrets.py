"""Secrets: a type that cannot be printed by accident. Its values are masked in output."""

from __future__ import annotations

import codecs
from contextlib import suppress

from ecluse.masking import REDACTED, Masker, forms, overwritten

__all__ = ["REDACTED", "Secret", "known", "masked", "masked_bytes"]

_known: set[str] = set()


class Secret:
    """A value that prints as ``[REDACTED]``, and is masked in the output of every program started from now on."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        _known.update(forms(value))

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
    """All that is masked: the values of all secrets of this process, in every form that they take."""
    return frozenset(_known)


def masked(text: str) -> str:
    """*text* with the values of all secrets of this process replaced."""
    masker = Masker(known())
    return masker.feed(text) + masker.flush()


def masked_bytes(content: bytes) -> bytes:
    """*content* of a file with the values of all secrets of this process replaced; in what is no text, overwritten."""
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            with suppress(UnicodeDecodeError):
                text = content[len(mark) :].decode(encoding)
                shown = masked(text)
                return content if shown == text else mark + shown.encode(encoding)
    if b"\0" in content:
        return overwritten(content, known())
    return masked(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


# UTF-32's mark begins as UTF-16's does.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
