"""The target ``swarm``: a Docker Swarm, of one machine or of many; the same commands, the same rollout.

A release is services of a stack. Replacing one is the swarm's own update: a task of the new release starts beside those
that serve, the engine asks its health check whether it is ready, names it to the front server once it is, and ends an
old task after that; one after the other. What is asked here is what the swarm's managers know of the tasks, and the
front door; never how a command ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ecluse.definition.model import Environment, Pipeline
from ecluse.deploy.targets.swarm.build import Builder
from ecluse.deploy.targets.swarm.connection import connect
from ecluse.deploy.targets.swarm.managed import Swarm
from ecluse.errors import DefinitionError, ImageError
from ecluse.image import accounts
from ecluse.image.names import RegistryAddress, registry_of
from ecluse.image.registry import Registry

__all__ = ["Swarm", "opened"]


@contextmanager
def opened(
    pipeline: Pipeline,
    environment: Environment,
    top: Path,
    environ: Mapping[str, str],
    say: Callable[[str], None] = lambda line: None,
) -> Iterator[Swarm]:
    """The swarm of *environment*. Raises TargetError where none answers there."""
    spec = pipeline.image
    if spec is None:
        raise DefinitionError("a swarm runs images", where="pipeline.py", hint="give it image=ImageSpec(...)")
    address: RegistryAddress | None = None
    with suppress(ImageError):  # going back, and looking, need none
        address = registry_of(environ)

    def registry() -> Registry:
        return Registry(address or registry_of(environ), accounts.from_docker)

    with connect(environ, environment.name, address) as connection:
        swarm = Swarm(
            connection,
            environment,
            f"{pipeline.name}-{environment.name}",
            lambda objects: Builder(connection, objects, environment, spec, top, environ, registry),
            top,
            environ,
            say=say,
        )
        swarm.check()
        yield swarm
