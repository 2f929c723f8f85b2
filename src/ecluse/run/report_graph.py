"""The graph of a run in its report, as SVG: the jobs in a column for each stage, marked by how they ended."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from ecluse.definition.model import Job, Pipeline
from ecluse.definition.plan import stages

__all__ = ["svg"]

# In pixels. A name longer than a box can hold is cut; its whole is in the tooltip.
_WIDTH, _HEIGHT, _COLUMN_GAP, _ROW_GAP, _MARGIN = 168, 46, 64, 14, 4
_LONGEST_NAME = 20


def svg(pipeline: Pipeline, *, details: Mapping[str, str], classes: Mapping[str, str]) -> str:
    """The graph. *details* are the second line of each job's box, *classes* its CSS classes, by the name of the job."""
    columns: dict[int, list[Job]] = {}
    for name, stage in stages(pipeline.jobs).items():
        columns.setdefault(stage, []).append(next(job for job in pipeline.jobs if job.name == name))
    tallest = max(len(jobs) for jobs in columns.values())
    places: dict[str, tuple[int, int]] = {}
    for stage, jobs in columns.items():
        first = (tallest - len(jobs)) * (_HEIGHT + _ROW_GAP) // 2
        for row, job in enumerate(jobs):
            x = _MARGIN + (stage - 1) * (_WIDTH + _COLUMN_GAP)
            places[job.name] = (x, _MARGIN + first + row * (_HEIGHT + _ROW_GAP))
    width = 2 * _MARGIN + len(columns) * (_WIDTH + _COLUMN_GAP) - _COLUMN_GAP
    height = 2 * _MARGIN + tallest * (_HEIGHT + _ROW_GAP) - _ROW_GAP
    return "\n".join(
        (
            f'<svg class="graph" xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
            f' viewBox="0 0 {width} {height}" role="img" aria-label="{escape(_spoken(pipeline))}">',
            *(_edge(places[need], places[job.name]) for job in pipeline.jobs for need in job.needs),
            *(_box(job, *places[job.name], details, classes) for job in pipeline.jobs),
            "</svg>",
        )
    )


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1, x2, y2 = start[0] + _WIDTH, start[1] + _HEIGHT // 2, end[0], end[1] + _HEIGHT // 2
    middle = (x1 + x2) // 2
    return f'<path class="edge" d="M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}"/>'


def _box(job: Job, x: int, y: int, details: Mapping[str, str], classes: Mapping[str, str]) -> str:
    name = job.name if len(job.name) <= _LONGEST_NAME else job.name[: _LONGEST_NAME - 1] + "…"
    title = f"{job.name}: {job.description}" if job.description else job.name
    return (
        f'<g class="box {escape(classes.get(job.name, ""))}"><title>{escape(title)}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>'
        f'<text class="name" x="{x + 14}" y="{y + 20}">{escape(name)}</text>'
        f'<text class="detail" x="{x + 14}" y="{y + 36}">{escape(details.get(job.name, ""))}</text></g>'
    )


def _spoken(pipeline: Pipeline) -> str:
    parts = [f"{job.name} needs {', '.join(job.needs)}" if job.needs else job.name for job in pipeline.jobs]
    return f"The jobs of {pipeline.name}: {'; '.join(parts)}"
