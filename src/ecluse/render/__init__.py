"""A pipeline as the providers' own YAML, checked in, byte for byte what is rendered here.

Adding a provider is writing a module that fits :class:`Provider` and naming it in :data:`PROVIDERS`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from ecluse.definition.model import Pipeline
from ecluse.errors import RenderError
from ecluse.providers.github import workflow as github
from ecluse.providers.github.conditions import expression as for_github
from ecluse.providers.selection import Selected, select
from ecluse.providers.services import given
from ecluse.providers.travis import config as travis
from ecluse.providers.travis.conditions import expression as for_travis
from ecluse.render.differences import DIFFERENCES, Loss, losses

__all__ = ["HEADER", "PROVIDERS", "Provider", "Rendering", "render"]

HEADER = "Rendered from pipeline.py by `./ecluse render`. Change that, and render again: an edit here fails the build."


class Provider(Protocol):
    """What a provider's module has."""

    def files(self, pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
        """The files to check in, by path. Raises RenderError for what the provider cannot express."""


PROVIDERS: Mapping[str, Provider] = MappingProxyType({"github": github, "travis": travis})


@dataclass(frozen=True)
class Rendering:
    """What to check in, by path from the repository's top, and what the pipeline accepts to lose."""

    files: Mapping[str, str]
    notes: tuple[Loss, ...]


def render(pipeline: Pipeline) -> Rendering:
    """*pipeline* for every provider.

    Raises RenderError for what a provider cannot express, and for a difference that the pipeline does not accept.
    """
    jobs = select(pipeline)
    _check(pipeline, jobs)
    lost = losses(pipeline, jobs)
    refused = [loss for loss in lost if loss.id not in pipeline.providers.accept]
    if refused:
        ids = ", ".join(f'"{id}"' for id in dict.fromkeys(loss.id for loss in refused))
        raise RenderError(
            "\n  ".join(["the providers would run it differently", *(f"{loss.id}: {loss.what}" for loss in refused)]),
            where="pipeline.py",
            hint=f"accept it: providers=Providers(accept=({ids},)), or change it; docs/reference/providers.md",
        )
    files: dict[str, str] = {}
    for provider in PROVIDERS.values():
        files |= provider.files(pipeline, jobs, HEADER)
    return Rendering(files, lost)


def _check(pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
    unknown = [id for id in pipeline.providers.accept if id not in DIFFERENCES]
    if unknown:
        raise RenderError(
            f"there is no difference {', '.join(map(repr, unknown))} to accept",
            where="pipeline.py, field 'providers.accept'",
            hint=f"there are {', '.join(DIFFERENCES)}",
        )
    if not jobs:
        raise RenderError(
            "no event of a provider selects a job",
            where="pipeline.py",
            hint="give a job when=pull_request(…), push(…) or tag(…)",
        )
    if any(selected.job.name == github.GATE for selected in jobs):
        raise RenderError(
            f"{github.GATE!r} is the name of the job that judges the others on GitHub",
            where=f"pipeline.py, job {github.GATE!r}",
            hint="name it otherwise",
        )
    for selected in jobs:
        _check_job(selected, pipeline)
    _check_expressions(pipeline, jobs)


def _check_job(selected: Selected, pipeline: Pipeline) -> None:
    where = f"pipeline.py, job {selected.job.name!r}"
    for condition in (selected.when, selected.ever):
        for compile_for in (for_github, for_travis):
            try:
                if condition is not None:
                    compile_for(condition)
            except RenderError as error:
                raise RenderError(error.what, where=f"{where}, field 'when'", hint=error.hint) from None
    kinds = [service.kind for service in given(selected.job, pipeline)]
    twice = [kind for kind in dict.fromkeys(kinds) if kinds.count(kind) > 1]
    if twice:
        raise RenderError(
            f"two services of the kind {twice[0]} would be given at one address",
            where=f"{where}, field 'services'",
            hint="a provider gives one of a kind; let the other come from a container alone: sources=('container',)",
        )


def _check_expressions(pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
    """GitHub evaluates ``${{ … }}`` wherever it stands; here and on Travis it would be text."""
    providers = pipeline.providers
    texts: dict[str, Collection[str]] = {
        "providers.env": providers.env.values(),
        "providers": (pipeline.name, providers.python, *providers.locks),
    }
    texts |= {f"environment {one.name!r}": (one.url,) for one in pipeline.environments}
    for selected in jobs:
        values = (value for axis in selected.job.matrix.values() for value in axis)
        texts[f"job {selected.job.name!r}, field 'matrix'"] = tuple(values)
    for place, found in texts.items():
        if any("${{" in text for text in found):
            raise RenderError(
                "holds ${{, which GitHub would evaluate and nothing else",
                where=f"pipeline.py, {place}",
                hint="write the value itself",
            )
