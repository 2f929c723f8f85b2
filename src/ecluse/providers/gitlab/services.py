"""Services as GitLab gives them to a job: containers beside the job's own, each reached by its kind as host name.

GitLab's runner waits until a service listens: https://docs.gitlab.com/ci/services/
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ecluse.definition.model import Pipeline, Service
from ecluse.providers.services import image
from ecluse.services.kinds import kind_of

__all__ = ["ENGINE_VARIABLES", "container", "engine", "url"]

_ENGINE = "docker:28.5.1-dind"

ENGINE_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "DOCKER_HOST": "tcp://docker:2376",
        # The runner shares this folder between the engine, which makes the certificates, and the job.
        "DOCKER_TLS_CERTDIR": "/certs",
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": "/certs/client",
    }
)


def engine(pipeline: Pipeline) -> dict[str, object]:
    """A Docker engine of the job's own: https://docs.gitlab.com/ci/docker/using_docker_build/#use-docker-in-docker"""
    return {"name": image(_ENGINE, pipeline), "alias": "docker"}


def container(service: Service, pipeline: Pipeline) -> dict[str, object]:
    """The container of *service*."""
    kind = kind_of(service)
    made: dict[str, object] = {"name": image(f"{kind.image}:{service.version}", pipeline), "alias": service.kind}
    if kind.trusting:
        # Reached by this job alone, and gone with it: a password would protect nothing.
        made["variables"] = dict(kind.trusting)
    return made


def url(service: Service) -> str:
    """The address of *service* as a job sees it."""
    return kind_of(service).address(service.kind)
