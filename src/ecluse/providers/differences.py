"""A difference between a provider and this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ecluse.definition.conditions import names_kind
from ecluse.definition.model import Pipeline
from ecluse.providers.selection import Selected

__all__ = ["Difference", "queued"]


@dataclass(frozen=True)
class Difference:
    """A kind of difference: *summary* for the table, *find* says what a pipeline loses by it, a line for each loss."""

    summary: str
    find: Callable[[Pipeline, Sequence[Selected]], Iterator[str]]


def queued(pipeline: Pipeline, jobs: Sequence[Selected]) -> Iterator[str]:
    """The loss where a provider has no merge queue: the jobs that the pipeline asks for of one."""
    names = [job.name for job in pipeline.jobs if names_kind(job.when, "merge_group")]
    if names:
        yield f"{', '.join(names)}: no merge group is reported, so what would be merged is not tested before it is"
