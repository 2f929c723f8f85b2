"""Services as GitHub gives them to a job: service containers, whose ports are the runner's own.

https://docs.github.com/actions/tutorials/use-containerized-services/about-service-containers
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ecluse.definition.model import Pipeline, Service
from ecluse.machine.process import quote
from ecluse.providers.services import image
from ecluse.services.kinds import kind_of

__all__ = ["container", "url"]

# Kind of service → the command that succeeds in its container when it is ready. GitHub does not wait for another kind;
# the job itself waits for every service that it is given.
_HEALTH: Mapping[str, str] = MappingProxyType(
    {
        "postgres": "pg_isready --username postgres",
        "redis": "redis-cli ping",
        "rabbitmq": "rabbitmq-diagnostics --quiet check_port_connectivity",
        "mongodb": "mongosh --quiet --eval 'db.runCommand({ping: 1})'",
    }
)


def container(service: Service, pipeline: Pipeline) -> dict[str, object]:
    """The service container of *service*."""
    kind = kind_of(service)
    made: dict[str, object] = {"image": image(f"{kind.image}:{service.version}", pipeline)}
    if kind.trusting:
        # Reached from this machine alone, and gone with the job: a password would protect nothing.
        made["env"] = dict(kind.trusting)
    made["ports"] = [f"{kind.port}:{kind.port}"]
    if health := _HEALTH.get(service.kind):
        made["options"] = f"--health-cmd {quote([health])} --health-interval 2s --health-timeout 5s --health-retries 30"
    return made


def url(service: Service) -> str:
    """The address of *service* as a job sees it."""
    return kind_of(service).address("127.0.0.1")
