"""A service in a container, by Testcontainers: any version, any extension that an image has."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec

from ecluse.errors import ServiceError
from ecluse.model import Service
from ecluse.services import probe

__all__ = ["IMAGE", "image_of", "provide", "why_not"]

IMAGE = "ECLUSE_POSTGRES_IMAGE"
"""The environment variable that names another image, as ``postgis/postgis:18-3.6``."""

# Seconds: the image may have to be pulled before, which is not counted; this is initdb and two starts.
PATIENCE = 60.0

_PORT = 5432


def image_of(service: Service, environ: Mapping[str, str]) -> str:
    """The image to run."""
    return environ.get(IMAGE) or f"{service.kind}:{service.version}"


def why_not(service: Service, environ: Mapping[str, str]) -> str | None:
    """An engine that answers, and the libraries to talk to it."""
    if service.kind != "postgres":
        return f"a container of {service.kind} is not offered"
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
    with postgres(image_of(service, environ)) as url:
        yield {"DATABASE_URL": url}


def new_name() -> str:
    """A name for a container that is to be kept."""
    return f"ecluse-{secrets.token_hex(4)}"


@contextlib.contextmanager
def postgres(image: str, *, keep: str | None = None) -> Iterator[str]:
    """A PostgreSQL of *image* on a port of this machine: yields its address, or raises ServiceError.

    Removed at the end, unless *keep* gives it a name under which it stays.
    """
    from docker.errors import DockerException
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
    with contextlib.ExitStack() as stack:
        try:
            container.start()
            if keep is None:
                stack.callback(container.stop)
            host, port = container.get_container_host_ip(), container.get_exposed_port(_PORT)
        except (DockerException, OSError) as error:
            raise ServiceError(
                f"the container of {image} did not start: {_first_line(error)}",
                hint=f"try it alone: docker run --rm -e POSTGRES_PASSWORD=x {image}",
            ) from None
        url = f"postgres://postgres:{password}@{host}:{port}/postgres"
        probe.wait(url, timeout=PATIENCE, what=f"the container of {image}")
        yield url


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
