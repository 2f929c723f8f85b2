"""How each provider gives a job what it talks to, where the service may be *given*: see :mod:`ecluse.services`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ecluse.definition.model import Job, Pipeline, Service
from ecluse.services.kinds import kind_of

__all__ = ["PROVIDED", "Provided", "given", "in_container", "variable"]


@dataclass(frozen=True, kw_only=True)
class Provided:
    """A kind of service: on GitHub a service container of *image*, ready when *health* succeeds in it; on Travis the
    service named *travis*, whose major version there is *travis_version* where that is documented. *github_url* and
    *travis_url* are its addresses."""

    image: str
    port: int
    health: str
    github_url: str
    travis: str
    travis_version: str | None = None
    travis_url: str
    env: Mapping[str, str] = field(default_factory=dict)


# Travis: https://docs.travis-ci.com/user/database-setup/; the default version of each image:
# https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/bash/travis_setup_postgresql.bash
PROVIDED: Mapping[str, Provided] = MappingProxyType(
    {
        "postgres": Provided(
            image="postgres",
            port=5432,
            health="pg_isready --username postgres",
            # Reached from this machine alone, and gone with the job: a password would protect nothing.
            env={"POSTGRES_HOST_AUTH_METHOD": "trust"},
            github_url="postgres://postgres@127.0.0.1:5432/postgres",
            travis="postgresql",
            travis_version="16",
            travis_url="postgres://postgres@127.0.0.1:5432/postgres",
        ),
        "redis": Provided(
            image="redis",
            port=6379,
            health="redis-cli ping",
            github_url="redis://127.0.0.1:6379/0",
            travis="redis",
            travis_url="redis://127.0.0.1:6379/0",
        ),
        "rabbitmq": Provided(
            image="rabbitmq",
            port=5672,
            health="rabbitmq-diagnostics --quiet check_port_connectivity",
            github_url="amqp://guest:guest@127.0.0.1:5672//",
            travis="rabbitmq",
            travis_url="amqp://guest:guest@127.0.0.1:5672//",
        ),
        "mongodb": Provided(
            image="mongo",
            port=27017,
            health="mongosh --quiet --eval 'db.runCommand({ping: 1})'",
            github_url="mongodb://127.0.0.1:27017",
            travis="mongodb",
            travis_url="mongodb://127.0.0.1:27017",
        ),
    }
)


def variable(service: Service) -> str:
    """The environment variable that has the address of a given *service*."""
    return kind_of(service).variable


def given(job: Job, pipeline: Pipeline) -> tuple[Service, ...]:
    """The services of *job* that a provider gives it."""
    return tuple(service for service in _of(job, pipeline) if "given" in service.sources)


def in_container(job: Job, pipeline: Pipeline) -> tuple[Service, ...]:
    """The services of *job* that it starts in containers itself, so that it needs an engine."""
    return tuple(service for service in _of(job, pipeline) if set(service.sources) == {"container"})


def _of(job: Job, pipeline: Pipeline) -> list[Service]:
    return [service for service in pipeline.services if service.name in job.services]
