"""The services that a provider gives a job, and those that the job starts itself."""

from __future__ import annotations

from ecluse.definition.model import Job, Pipeline, Service
from ecluse.services.kinds import kind_of

__all__ = ["given", "image", "in_container", "variable"]


def variable(service: Service) -> str:
    """The environment variable that has the address of a given *service*."""
    return kind_of(service).variable


def image(name: str, pipeline: Pipeline) -> str:
    """The image *name* of Docker Hub, as ``postgres:18``, from the mirror of *pipeline* where it has one."""
    mirror = pipeline.providers.mirror
    # Docker's own images have no owner in their name, but one in a registry.
    return f"{mirror}/{name if '/' in name else f'library/{name}'}" if mirror else name


def given(job: Job, pipeline: Pipeline) -> tuple[Service, ...]:
    """The services of *job* that a provider gives it."""
    return tuple(service for service in _of(job, pipeline) if "given" in service.sources)


def in_container(job: Job, pipeline: Pipeline) -> tuple[Service, ...]:
    """The services of *job* that it starts in containers itself, so that it needs an engine."""
    return tuple(service for service in _of(job, pipeline) if set(service.sources) == {"container"})


def _of(job: Job, pipeline: Pipeline) -> list[Service]:
    return [service for service in pipeline.services if service.name in job.services]
