"""A service that somebody else runs: its address is in the environment, and is used as it is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from ecluse import probes
from ecluse.definition.model import Service
from ecluse.services import probe

__all__ = ["VARIABLES", "provide", "why_not"]

# kind of service → the environment variable that has its address
VARIABLES: dict[str, str] = {
    "postgres": "DATABASE_URL",
    "redis": "REDIS_URL",
    "rabbitmq": "RABBITMQ_URL",
    "mongodb": "MONGODB_URL",
}

# Seconds. A provider starts its service containers beside the job: they may need a moment.
PATIENCE = 30.0


def why_not(service: Service, environ: Mapping[str, str]) -> str | None:
    """A given service needs nothing but its address."""
    variable = VARIABLES[service.kind]
    return None if environ.get(variable) else f"{variable} is not set"


@contextlib.contextmanager
def provide(service: Service, environ: Mapping[str, str], rest: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Wait until the service answers, and hand its address on."""
    variable = VARIABLES[service.kind]
    if service.kind == "postgres":
        probe.wait(environ[variable], timeout=PATIENCE, what=f"the PostgreSQL at {variable}")
    else:
        probes.wait([environ[variable]], timeout=PATIENCE)
    yield {variable: environ[variable]}
