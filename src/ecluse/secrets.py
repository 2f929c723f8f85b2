"""Secrets: a type that cannot be printed by accident. Its values are masked in output."""

from __future__ import annotations

from ecluse.masking import REDACTED, Masker, forms

__all__ = ["REDACTED", "Secret", "known", "masked"]

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
