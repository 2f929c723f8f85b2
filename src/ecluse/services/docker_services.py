"""Services in containers on a Docker engine, by Testcontainers: any version, any extension that an image has."""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import ecluse
from ecluse import probes
from ecluse.definition.model import Service
from ecluse.errors import ServiceError
from ecluse.machine import process
from ecluse.services import libpq
from ecluse.services.kinds import Kind, image_of, kind_of

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

__all__ = ["TOOL", "argv", "environment", "new_name", "run", "start", "why_not"]

TOOL = "ECLUSE_TOOL_PYTHON"
"""The environment variable that names the tool's own Python, which has libraries that a project does not need."""

PATIENCE = 60.0
"""Seconds that a started container has to answer. The time to pull its image is not counted."""


def why_not(environ: Mapping[str, str]) -> str | None:
    """Why no container can be started; None where one can.

    Where this Python has not the libraries, the tool's own Python is asked, whose name ``ecluse run`` gives to jobs.
    """
    if find_spec("docker") is None or find_spec("testcontainers") is None:
        if not environ.get(TOOL):
            return "Testcontainers is not installed (ecluse[containers])"
        asked = process.read(argv("ecluse.services.docker_services", environ), env=environment(environ), check=False)
        return asked.text.strip() or (None if asked.ok else f"{environ[TOOL]} does not start")
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


def argv(module: str, environ: Mapping[str, str], *arguments: str) -> tuple[str, ...]:
    """The command line of *module* of this package, in the tool's own Python where that is another."""
    return (environ.get(TOOL) or sys.executable, "-P", "-m", module, *arguments)


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """*environ* for :func:`argv`: this package is found, and no other folder that this process searches for modules.

    A `types.py` among a project's tests would replace Python's own.
    """
    kept = {name: value for name, value in environ.items() if name != TOOL}
    return {**kept, "PYTHONPATH": str(Path(ecluse.__file__).parents[1])}


def run(service: Service, environ: Mapping[str, str]) -> AbstractContextManager[str]:
    """*service* in a container that is removed at the end: its address. Raises ServiceError where it does not start."""
    return start(kind_of(service), image_of(service, environ))


def new_name() -> str:
    """A name for a container that is to be kept."""
    return f"ecluse-{secrets.token_hex(4)}"


@contextlib.contextmanager
def start(kind: Kind, image: str, *, keep: str | None = None) -> Iterator[str]:
    """A container of *image* on a port of this machine: yields its address once it answers, or raises ServiceError.

    It is removed at the end, unless *keep* gives it a name under which it stays. Where the process is killed,
    Testcontainers' reaper removes it, unless ``TESTCONTAINERS_RYUK_DISABLED`` forbids the reaper.
    """
    from testcontainers.core.container import DockerContainer

    password = secrets.token_urlsafe(12) if kind.password_variable else None
    container = DockerContainer(image).with_exposed_ports(kind.port)
    for name, value in kind.environment.items():
        container.with_env(name, value)
    if kind.password_variable and password:
        container.with_env(kind.password_variable, password)
    if kind.command is not None:
        container.with_command(kind.command)
    if keep is not None:
        _without_reaper()
        container.with_name(keep)
    with _started(container, kind, image, kept=keep is not None) as (host, port):
        url = kind.address(host, port, password)
        # Testcontainers would wait for a line of a log, which is no answer.
        with libpq.apart():
            probes.wait([url], timeout=PATIENCE, what=f"the container of {image}", probe=kind.probe)
        yield url


def _without_reaper() -> None:
    from testcontainers.core.config import testcontainers_config

    testcontainers_config.ryuk_disabled = True


@contextlib.contextmanager
def _started(container: DockerContainer, kind: Kind, image: str, *, kept: bool) -> Iterator[tuple[str, int]]:
    """The host and port at which *container* is reached. It is removed at the end, unless it is *kept*."""
    from docker.errors import DockerException

    with contextlib.ExitStack() as stack:
        try:
            container.start()
            if not kept:
                stack.callback(container.stop)
            reached = container.get_container_host_ip(), container.get_exposed_port(kind.port)
        except (DockerException, OSError) as error:
            password = f"-e {kind.password_variable}=x " if kind.password_variable else ""
            raise ServiceError(
                f"the container of {image} did not start: {_first_line(error)}",
                hint=f"try it alone: docker run --rm {password}{image}",
            ) from None
        yield reached


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


if __name__ == "__main__":
    print(why_not({}) or "")
