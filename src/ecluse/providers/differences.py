"""A difference between a provider and this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ecluse.definition.model import Pipeline
from ecluse.providers.selection import Selected

__all__ = ["Difference"]


@dataclass(frozen=True)
class Difference:
    """A kind of difference: *summary* for the table, *find* says what a pipeline loses by it, a line for each loss."""

    summary: str
    find: Callable[[Pipeline, Sequence[Selected]], Iterator[str]]
