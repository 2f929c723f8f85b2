"""The jobs that Travis runs: it has no identity for a job, so that those which need one are left out."""

from __future__ import annotations

from collections.abc import Sequence

from ecluse.providers.selection import Selected

__all__ = ["left_in", "left_out"]


def left_in(jobs: Sequence[Selected]) -> tuple[Selected, ...]:
    """*jobs* without those that are left out."""
    out = left_out(jobs)
    return tuple(selected for selected in jobs if selected.job.name not in out)


def left_out(jobs: Sequence[Selected]) -> tuple[str, ...]:
    """The names of *jobs* that need an identity, and of those that need such a job."""
    names: list[str] = []
    for selected in sorted(jobs, key=lambda selected: selected.stage):
        if selected.job.identity is not None or set(names).intersection(selected.job.needs):
            names.append(selected.job.name)
    return tuple(names)
