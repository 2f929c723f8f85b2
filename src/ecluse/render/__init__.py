"""A pipeline as the providers' own YAML, checked in, byte for byte what is rendered here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecluse.definition.model import Pipeline
from ecluse.errors import RenderError
from ecluse.providers import Provider, chosen, deploying
from ecluse.providers.findings import Finding
from ecluse.providers.joining import joined
from ecluse.providers.selection import Selected, limited, select
from ecluse.providers.services import given
from ecluse.render.differences import Loss, differences, losses

__all__ = ["HEADER", "Rendered", "examine", "render", "shared_out"]

HEADER = "Rendered from pipeline.py by `./ecluse render`. Change that, and render again: an edit here fails the build."


@dataclass(frozen=True)
class Rendered:
    """Rendered files by their path from the repository's top, and the notes about accepted differences. *advice* are
    the settings that no file can say, for each provider by what people call it.
    """

    files: Mapping[str, str]
    notes: tuple[Loss, ...]
    advice: Mapping[str, Sequence[str]]


def render(pipeline: Pipeline) -> Rendered:
    """*pipeline* for the providers that it names, or all.

    Raises RenderError for what a provider cannot express, and for a difference that the pipeline does not accept.
    """
    jobs = select(pipeline)
    _check(pipeline, jobs)
    shares = shared_out(pipeline, jobs)
    for provider, share in shares:
        for selected in share:
            _check_conditions(selected, provider)
        provider.renderer().check(pipeline, share)
    lost = losses(pipeline, shares)
    _refuse([loss for loss in lost if loss.id not in pipeline.providers.accept])
    files: dict[str, str] = {}
    for provider, share in shares:
        files |= provider.renderer().files(pipeline, share, HEADER)
    advice = {provider.name: provider.renderer().advice(pipeline, share) for provider, share in shares}
    return Rendered(files, lost, advice)


def examine(name: str, pipeline: Pipeline, top: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    """The settings of the provider *name*, asked of it. Raises RenderError where it runs no job of *pipeline*."""
    asked = chosen(pipeline).get(name)
    for provider, share in shared_out(pipeline, select(pipeline)):
        if provider is asked:
            yield from provider.renderer().examine(pipeline, share, top, environ)
            return
    raise RenderError(f"no job of the pipeline runs at {name}", where="pipeline.py, field 'providers'")


def shared_out(pipeline: Pipeline, jobs: Sequence[Selected]) -> list[tuple[Provider, tuple[Selected, ...]]]:
    """The providers that run some of *jobs*, each with the jobs that it runs."""
    found = chosen(pipeline)
    shares = deploying.shares(pipeline, found, jobs)
    limits = [(provider, limited(shares[name], provider.kinds)) for name, provider in found.items()]
    return [(provider, joined(share)) for provider, share in limits if share]


def _check(pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
    known = differences()
    unknown = [id for id in pipeline.providers.accept if id not in known]
    if unknown:
        raise RenderError(
            f"there is no difference {', '.join(map(repr, unknown))} to accept",
            where="pipeline.py, field 'providers.accept'",
            hint=f"there are {', '.join(known)}",
        )
    if not jobs:
        raise RenderError(
            "no event of a provider selects a job",
            where="pipeline.py",
            hint="give a job when=pull_request(…), push(…) or tag(…)",
        )
    for selected in jobs:
        _check_services(selected, pipeline)


def _check_conditions(selected: Selected, provider: Provider) -> None:
    for condition in (selected.when, selected.ever):
        try:
            if condition is not None:
                provider.renderer().condition(condition)
        except RenderError as error:
            where = f"pipeline.py, job {selected.job.name!r}, field 'when'"
            raise RenderError(error.what, where=where, hint=error.hint) from None


def _check_services(selected: Selected, pipeline: Pipeline) -> None:
    kinds = [service.kind for service in given(selected.job, pipeline)]
    twice = [kind for kind in dict.fromkeys(kinds) if kinds.count(kind) > 1]
    if twice:
        raise RenderError(
            f"two services of the kind {twice[0]} would be given at one address",
            where=f"pipeline.py, job {selected.job.name!r}, field 'services'",
            hint="a provider gives one of a kind; let the other come from a container alone: sources=('container',)",
        )


def _refuse(lost: Sequence[Loss]) -> None:
    if lost:
        ids = ", ".join(f'"{id}"' for id in dict.fromkeys(loss.id for loss in lost))
        raise RenderError(
            "\n  ".join(["the providers would run it differently", *(f"{loss.id}: {loss.what}" for loss in lost)]),
            where="pipeline.py",
            hint=f"accept it: providers=Providers(accept=({ids},)), or change it",
        )
