"""Folds and annotations in a provider's log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Annotation", "Fold"]


class Fold(Protocol):
    """The lines around the output of one leg, each ending with a newline. A fold is started once and ended once."""

    def start(self) -> str:
        """The text to print before the output."""

    def end(self) -> str:
        """The text to print after the output, which ends with a newline."""


@dataclass(frozen=True)
class Annotation:
    """An error that belongs to a line of a file; without *file*, to the job."""

    title: str
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
