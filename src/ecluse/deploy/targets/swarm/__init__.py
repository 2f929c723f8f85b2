"""The target ``swarm``: a Docker Swarm, of one machine or of many; the same commands, the same rollout.

A release is services of a stack. Replacing one is the swarm's own update: a task of the new release starts beside those
that serve, the engine asks its health check whether it is ready, names it to the front server once it is, and ends an
old task after that; one after the other. What is asked here is what the swarm's managers know of the tasks, and the
front door; never how a command ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ecluse.definition import site_address
from ecluse.definition.model import Environment
from ecluse.errors import DefinitionError, ImageError

if TYPE_CHECKING:
    from ecluse.deploy.contract import Context, Target
    from ecluse.deploy.targets.swarm.release import SwarmRelease

__all__ = ["opened", "problems"]


def problems(environment: Environment) -> Iterator[tuple[str, str]]:
    """See :class:`ecluse.deploy.contract.Package`."""
    wrong = site_address.problem(environment.url)
    if wrong is not None:
        yield "url", wrong
    if environment.workers:
        yield "workers", "are for the target server: in a swarm, workers are services of the stack file"
    if environment.setup:
        yield "setup", "the commands of a swarm are services of its stack file"
    if environment.host or environment.user or environment.port or environment.host_key:
        yield "host", "is for the target server: a swarm is reached by DOCKER_HOST or DOCKER_CONTEXT"
    if not environment.monitoring and (environment.limits.more_errors or environment.limits.slower):
        yield "watch", "more_errors and slower are for the target server: a swarm does not keep durations"
    if environment.monitoring:
        yield "monitoring", "is for the target server: a swarm is not watched yet"


@contextmanager
def opened(context: Context) -> Iterator[Target[SwarmRelease]]:
    """The stack of an environment. Raises TargetError where no swarm answers."""
    from ecluse.deploy.targets.swarm import limits
    from ecluse.deploy.targets.swarm.connection import connect
    from ecluse.deploy.targets.swarm.owner import repository_of
    from ecluse.deploy.targets.swarm.parts import check, target
    from ecluse.deploy.targets.swarm.resolve import Resolver
    from ecluse.image import accounts
    from ecluse.image.names import RegistryAddress, registry_of
    from ecluse.image.registry import Registry

    pipeline, environment, environ = context.pipeline, context.environment, context.environ
    spec = pipeline.image
    if spec is None:
        raise DefinitionError("a swarm runs images", where="pipeline.py", hint="give it image=ImageSpec(...)")
    stack = f"{pipeline.name}-{environment.name}"
    if (wrong := limits.stack_name(stack)) is not None:
        raise DefinitionError(wrong, where="pipeline.py", hint="shorten the name of the environment or of the pipeline")
    address: RegistryAddress | None = None
    with suppress(ImageError):  # a rollback, and looking, need none
        address = registry_of(environ)

    def registry() -> Registry:
        return Registry(address or registry_of(environ), accounts.from_docker)

    with connect(environ, environment.name, address) as connection:
        check(connection, environment.name)
        yield target(
            connection,
            environment,
            stack,
            lambda objects: Resolver(connection, objects, environment, spec, context.top, environ, registry),
            context.top,
            context.say,
            repository=lambda: repository_of(context.top),
            take_over=context.take_over,
        )
