"""Differences between providers and this machine; each must be accepted, so that none is silent.

A pipeline that meets a difference must accept it by its id (``Providers(accept=…)``). Then rendering prints a note
that names what is lost; otherwise rendering fails and names the line that accepts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ecluse import providers
from ecluse.definition.model import Pipeline
from ecluse.providers import Provider
from ecluse.providers.differences import Difference
from ecluse.providers.selection import Selected

__all__ = ["Loss", "differences", "losses"]


@dataclass(frozen=True)
class Loss:
    """A difference that a pipeline meets: its *id*, and *what* is lost, where."""

    id: str
    what: str


def differences() -> dict[str, Difference]:
    """The differences of all providers, by id."""
    return {id: kind for one in providers.PROVIDERS.values() for id, kind in one.renderer().DIFFERENCES.items()}


def losses(pipeline: Pipeline, shares: Iterable[tuple[Provider, Sequence[Selected]]]) -> tuple[Loss, ...]:
    """Every difference that *pipeline* meets at the providers of *shares*, each with the jobs that it runs."""
    return tuple(
        Loss(id, what)
        for provider, jobs in shares
        for id, kind in provider.renderer().DIFFERENCES.items()
        for what in kind.find(pipeline, jobs)
    )
