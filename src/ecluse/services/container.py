"""A service in a container, by Testcontainers: any version, any extension that an image has.

Adding a kind of service is adding it to :data:`CONTAINED`, and a probe of its protocol to :mod:`ecluse.probes`.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING

from ecluse import probes
from ecluse.definition.model import Service
from ecluse.errors import ServiceError
from ecluse.services import probe
from ecluse.services.given import VARIABLES

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

__all__ = ["CONTAINED", "IMAGE", "Contained", "image_of", "provide", "run", "why_not"]

IMAGE = "ECLUSE_POSTGRES_IMAGE"
"""The environment variable that names another image, as ``postgis/postgis:18-3.6``."""

# Seconds: the image may have to be pulled before, which is not counted; this is initdb and two starts.
PATIENCE = 60.0

_PORT = 5432


@dataclass(frozen=True)
class Contained:
    """A kind of service that is empty and open to this machine alone: *image*, without its tag, listens at *port*."""

    image: str
    port: int
    scheme: str
    path: str = ""
    command: str | None = None


CONTAINED: Mapping[str, Contained] = MappingProxyType(
    {
        # Nothing is kept: nothing need be written to the disk.
        "redis": Contained("redis", 6379, "redis", "/0", command="redis-server --save '' --appendonly no"),
        "mongodb": Contained("mongo", 27017, "mongodb"),
        "rabbitmq": Contained("rabbitmq", 5672, "amqp", "//"),
    }
)


def image_of(service: Service, environ: Mapping[str, str]) -> str:
    """The image to run."""
    if service.kind in CONTAINED:
        return f"{CONTAINED[service.kind].image}:{service.version}"
    return environ.get(IMAGE) or f"{service.kind}:{service.version}"


def why_not(service: Service, environ: Mapping[str, str]) -> str | None:
    """An engine that answers, and the libraries to talk to it."""
    if find_spec("docker") is None or find_spec("testcontainers") is None:
        return "Testcontainers is not installed (ecluse[containers])"
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env()
        try:
            client.ping()
        finally:
            client.close()
    except (DockerException, OSError) as error:
        return f"no container engine answers ({_first_line(error)})"
    return None


@contextlib.contextmanager
def provide(service: Service, environ: Mapping[str, str], rest: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Start the container, wait until it answers, and remove it at the end.

    Where the process is killed, Testcontainers' own reaper removes it, unless ``TESTCONTAINERS_RYUK_DISABLED`` says no.
    """
    with run(service, environ) as url:
        yield {VARIABLES[service.kind]: url}


def run(service: Service, environ: Mapping[str, str]) -> AbstractContextManager[str]:
    """*service* in a container that is removed at the end: its address. Raises ServiceError where it does not start."""
    image = image_of(service, environ)
    return _contained(CONTAINED[service.kind], image) if service.kind in CONTAINED else postgres(image)


def new_name() -> str:
    """A name for a container that is to be kept."""
    return f"ecluse-{secrets.token_hex(4)}"


@contextlib.contextmanager
def postgres(image: str, *, keep: str | None = None) -> Iterator[str]:
    """A PostgreSQL of *image* on a port of this machine: yields its address, or raises ServiceError.

    Removed at the end, unless *keep* gives it a name under which it stays.
    """
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer

    if keep is not None:
        testcontainers_config.ryuk_disabled = True

    password = secrets.token_urlsafe(12)
    container = (
        DockerContainer(image)
        .with_env("POSTGRES_PASSWORD", password)
        .with_env("POSTGRES_INITDB_ARGS", "--no-sync")
        .with_command("postgres -c fsync=off -c full_page_writes=off -c synchronous_commit=off")
        .with_exposed_ports(_PORT)
    )
    if keep is not None:
        container.with_name(keep)
    with _started(container, image, _PORT, kept=keep is not None) as (host, port):
        url = f"postgres://postgres:{password}@{host}:{port}/postgres"
        probe.wait(url, timeout=PATIENCE, what=f"the container of {image}")
        yield url


@contextlib.contextmanager
def _contained(contained: Contained, image: str) -> Iterator[str]:
    from testcontainers.core.container import DockerContainer

    container = DockerContainer(image).with_exposed_ports(contained.port)
    if contained.command is not None:
        container.with_command(contained.command)
    with _started(container, image, contained.port) as (host, port):
        url = f"{contained.scheme}://{host}:{port}{contained.path}"
        # Testcontainers would wait for a line of a log, which is no answer.
        probes.wait([url], timeout=PATIENCE)
        yield url


@contextlib.contextmanager
def _started(container: DockerContainer, image: str, port: int, *, kept: bool = False) -> Iterator[tuple[str, int]]:
    """Where *port* of the *container* is reached. It is removed at the end, unless it is *kept*."""
    from docker.errors import DockerException

    with contextlib.ExitStack() as stack:
        try:
            container.start()
            if not kept:
                stack.callback(container.stop)
            place = container.get_container_host_ip(), container.get_exposed_port(port)
        except (DockerException, OSError) as error:
            environment = "-e POSTGRES_PASSWORD=x " if port == _PORT else ""
            raise ServiceError(
                f"the container of {image} did not start: {_first_line(error)}",
                hint=f"try it alone: docker run --rm {environment}{image}",
            ) from None
        yield place


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
