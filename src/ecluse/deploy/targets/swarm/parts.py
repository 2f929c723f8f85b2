"""The parts of the target ``swarm``, put together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ecluse.definition.model import Environment
from ecluse.deploy.contract import Target
from ecluse.deploy.targets.swarm.catalogue import SwarmCatalogue
from ecluse.deploy.targets.swarm.commands import CommandJobs
from ecluse.deploy.targets.swarm.connection import Connection, own_name, variable
from ecluse.deploy.targets.swarm.controls import SwarmControls
from ecluse.deploy.targets.swarm.counts import Counts
from ecluse.deploy.targets.swarm.front import Front
from ecluse.deploy.targets.swarm.infrastructure import Infrastructure
from ecluse.deploy.targets.swarm.job_output import JobOutput
from ecluse.deploy.targets.swarm.ledger import SwarmRecords
from ecluse.deploy.targets.swarm.lock import SwarmLock
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.once import Once
from ecluse.deploy.targets.swarm.operations import SwarmOperations
from ecluse.deploy.targets.swarm.owner import Owner, Repository
from ecluse.deploy.targets.swarm.release import SwarmRelease, SwarmReleases
from ecluse.deploy.targets.swarm.resolve import Resolver
from ecluse.deploy.targets.swarm.scaling import Scaling
from ecluse.deploy.targets.swarm.stack_services import Services
from ecluse.errors import TargetError

__all__ = ["check", "target"]

GATE_SECONDS = 180.0
"""Seconds that one task may take to get ready, its image pulled before."""


def target(
    connection: Connection,
    environment: Environment,
    stack: str,
    resolver: Callable[[Objects], Resolver],
    top: Path,
    say: Callable[[str], None] = lambda line: None,
    *,
    repository: Callable[[], Repository] = Repository,
    take_over: bool = False,
) -> Target[SwarmRelease]:
    """The *environment* in the swarm that *connection* reaches, as the stack *stack*, for *repository*. *take_over*:
    also where it belongs to another one.
    """
    api, door = connection.api, variable(connection.environ, environment.name, "ECLUSE_DOOR") or environment.url
    objects = Objects(api, stack)
    releases = SwarmReleases(objects)
    counts, output = Counts(objects), JobOutput(objects)
    services = Services(connection, stack, environment.name, GATE_SECONDS, counts)
    once = Once(api, objects, services, output, say)
    resolves = resolver(objects)
    infrastructure = Infrastructure(api, objects, services, resolves, environment.stack, say)
    catalogue = SwarmCatalogue(releases, resolves, top)
    operations = SwarmOperations(
        api, environment, door, objects, releases, services, once, resolves, infrastructure, say
    )
    owner = Owner(objects, environment.name, repository, take_over, say)
    records = SwarmRecords(SwarmLock(api, objects, environment.name), objects, owner, once.clear)
    front = Front(api, objects, services, infrastructure, operations.ask, say)
    commands = CommandJobs(connection, objects, services, say)
    controls = SwarmControls(
        connection,
        environment,
        objects,
        owner,
        services,
        once,
        operations,
        catalogue,
        front,
        commands,
        Scaling(services, counts),
        output,
    )
    return Target(operations, catalogue, records, controls)


def check(connection: Connection, environment: str) -> None:
    """Raises TargetError where the engine of *connection* is not a manager of a swarm."""
    swarm = connection.api.get("/info")["Swarm"]
    host = variable(connection.environ, environment, "DOCKER_HOST")
    if swarm["LocalNodeState"] != "active":
        make = f"{f'docker --host {host}' if host else 'docker'} swarm init: one machine is enough"
        unset = own_name(environment, "DOCKER_HOST")
        raise TargetError(
            "this engine is not in a swarm",
            where=connection.name,
            hint=make if host else f"{unset} is not set, which names another one; or here: {make}",
        )
    if not swarm.get("ControlAvailable"):
        managers = ", ".join(one["Addr"] for one in swarm.get("RemoteManagers") or ())
        raise TargetError(
            "this engine is a worker of its swarm", where=connection.name, hint=f"ask a manager: {managers}"
        )
