"""The graph of a pipeline as a picture that stands alone: SVG in layers from left to right, in light and in dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ecluse.definition.conditions import describe_event, possible
from ecluse.definition.model import Event, EventKind, Job, Pipeline
from ecluse.definition.plan import legs, plan, stages

__all__ = ["svg"]

# Pixels.
_WIDTH, _HEIGHT = 190, 56
_BETWEEN_LAYERS, _BETWEEN_JOBS = 70, 18
_MARGIN, _TITLE = 20, 34

# About what a letter of the small text takes; a browser's own measure is not to be had here.
_LETTER = 6.0

_STYLE = """
    svg { font: 14px system-ui, sans-serif; color-scheme: light dark;
      --ink: #1d2733; --soft: #5b6875; --line: #8a97a5; --card: #fff; --edge: #c9d2db; --act: #0b63b0; }
    @media (prefers-color-scheme: dark) { svg {
      --ink: #e8edf2; --soft: #a7b3bf; --line: #76828f; --card: #1b232c; --edge: #3a4652; --act: #6cb2f2; } }
    .title { font-weight: 600; fill: var(--ink); }
    .job rect { fill: var(--card); stroke: var(--edge); stroke-width: 1.5; }
    .job.rollout rect { stroke: var(--act); stroke-width: 2; }
    .job .name { font-weight: 600; fill: var(--ink); }
    .job .note { font-size: 11px; fill: var(--soft); }
    .tip { fill: var(--line); }
    .need { fill: none; stroke: var(--line); stroke-width: 1.5; }
"""


# The head of an arrow.
_TIP = """  <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
    <path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>"""


@dataclass(frozen=True)
class _Place:
    job: Job
    x: int
    y: int


def svg(pipeline: Pipeline, event: Event | None = None) -> str:
    """*pipeline*'s jobs, or those that *event* selects, with an arrow from each job to those that need it."""
    if event is None:
        jobs = list(pipeline.jobs)
        title, said = f"The jobs of {pipeline.name}", "Each job with the events that select it."
    else:
        running = {leg.job.name for leg in plan(pipeline, event).running}
        jobs = [job for job in pipeline.jobs if job.name in running]
        title = f"What a {describe_event(event)} runs"
        said = "1 job." if len(jobs) == 1 else f"{len(jobs)} jobs."
    places = _places(jobs)
    width = max((place.x for place in places.values()), default=0) + _WIDTH + _MARGIN
    height = max((place.y for place in places.values()), default=_TITLE) + _HEIGHT + _MARGIN
    arrows = [_arrow(places[need], place) for place in places.values() for need in place.job.needs if need in places]
    cards = [_card(place, _events(place.job) if event is None else _about(place.job)) for place in places.values()]
    words = [
        f"{job.name} needs {', '.join(need for need in job.needs if need in places)}." for job in jobs if job.needs
    ]
    description = escape(" ".join([said, *words]))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            ' role="img" aria-labelledby="title description">',
            f'  <title id="title">{escape(title)}</title>',
            f'  <desc id="description">{description}</desc>',
            f"  <style>{_STYLE}  </style>",
            _TIP,
            f'  <text class="title" x="{_MARGIN}" y="{_MARGIN + 4}">{escape(title)}</text>',
            *arrows,
            *cards,
            "</svg>",
            "",
        ]
    )


def _places(jobs: Sequence[Job]) -> dict[str, _Place]:
    """Each job in the column of its stage; in a column, near what it needs."""
    stage = stages(jobs)
    places: dict[str, _Place] = {}
    order = {job.name: index for index, job in enumerate(jobs)}

    def height(job: Job) -> float:
        above = [places[need].y for need in job.needs if need in places]
        return sum(above) / len(above) if above else 0

    for number in sorted(set(stage.values())):
        column = [job for job in jobs if stage[job.name] == number]
        for row, job in enumerate(sorted(column, key=lambda job: (height(job), order[job.name]))):
            x = _MARGIN + (number - 1) * (_WIDTH + _BETWEEN_LAYERS)
            places[job.name] = _Place(job, x, _MARGIN + _TITLE + row * (_HEIGHT + _BETWEEN_JOBS))
    return places


def _events(job: Job) -> str:
    kinds: tuple[EventKind, ...] = ("pull_request", "merge_group", "push", "tag", "ship")
    return (
        "on every event"
        if job.when is None
        else "on " + ", ".join(kind.replace("_", " ") for kind in kinds if possible(job.when, kind))
    )


def _about(job: Job) -> str:
    count = len(list(legs(job)))
    parts = [
        f"{count} legs" if count > 1 else "",
        ", ".join(job.services),
        f"→ {job.environment}" if job.environment else "",
    ]
    return " · ".join(part for part in parts if part) or job.description


def _card(place: _Place, note: str) -> str:
    kind = "job rollout" if place.job.environment else "job"
    return (
        f'  <g class="{kind}"><rect x="{place.x}" y="{place.y}" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>'
        f'<text class="name" x="{place.x + 12}" y="{place.y + 23}">{escape(_fit(place.job.name, 1.4))}</text>'
        f'<text class="note" x="{place.x + 12}" y="{place.y + 42}">{escape(_fit(note))}</text>'
        f"<title>{escape(': '.join(part for part in (place.job.name, place.job.description) if part))}</title></g>"
    )


def _fit(text: str, size: float = 1.0) -> str:
    most = int((_WIDTH - 24) / (_LETTER * size))
    return text if len(text) <= most else text[: most - 1] + "…"


def _arrow(start: _Place, end: _Place) -> str:
    x1, y1 = start.x + _WIDTH, start.y + _HEIGHT // 2
    x2, y2 = end.x - 3, end.y + _HEIGHT // 2
    bend = (x2 - x1) // 2
    return (
        f'  <path class="need" marker-end="url(#tip)"' f' d="M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"/>'
    )
