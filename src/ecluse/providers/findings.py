"""The findings of an examination of a provider's settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecluse.definition.model import Pipeline
from ecluse.errors import RenderError
from ecluse.providers.selection import Selected

__all__ = ["Finding", "nothing_to_ask"]


@dataclass(frozen=True)
class Finding:
    """An examined setting: *what* it is, and the *problems* that it has; none where it is as it must be."""

    what: str
    problems: tuple[str, ...] = ()


def nothing_to_ask(
    pipeline: Pipeline, jobs: Sequence[Selected], top: Path, environ: Mapping[str, str]
) -> Iterator[Finding]:
    """The examination of a provider whose settings cannot be asked for."""
    raise RenderError("Écluse cannot ask this provider for its settings", hint="./ecluse render prints what to set")
