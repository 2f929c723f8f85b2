"""The controls of an environment in a swarm: see :class:`ecluse.deploy.contract.Controls`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from ecluse.definition.model import Environment
from ecluse.deploy.contract import Data
from ecluse.deploy.maintenance import Maintenance
from ecluse.deploy.targets.swarm.api import Conflict
from ecluse.deploy.targets.swarm.catalogue import SwarmCatalogue
from ecluse.deploy.targets.swarm.commands import CommandJobs
from ecluse.deploy.targets.swarm.connection import Connection
from ecluse.deploy.targets.swarm.front import Front
from ecluse.deploy.targets.swarm.job_output import JobOutput
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.once import Once
from ecluse.deploy.targets.swarm.operations import SwarmOperations
from ecluse.deploy.targets.swarm.owner import Owner
from ecluse.deploy.targets.swarm.scaling import Scaling
from ecluse.deploy.targets.swarm.stack_services import Services
from ecluse.deploy.targets.swarm.tasks import nodes
from ecluse.errors import TargetError

__all__ = ["SwarmControls"]

_MAINTENANCE = "maintenance"


class SwarmControls:
    """The *environment* in the swarm that *connection* reaches."""

    def __init__(
        self,
        connection: Connection,
        environment: Environment,
        objects: Objects,
        owner: Owner,
        services: Services,
        once: Once,
        operations: SwarmOperations,
        catalogue: SwarmCatalogue,
        front: Front,
        commands: CommandJobs,
        scaling: Scaling,
        output: JobOutput,
    ) -> None:
        self._connection, self._environment, self._objects, self._owner = connection, environment, objects, owner
        self._services, self._once, self._operations = services, once, operations
        self._catalogue, self._front, self._commands = catalogue, front, commands
        self._scaling, self._output = scaling, output

    @property
    def url(self) -> str:
        return self._environment.url

    def front(self) -> None:
        """Set the front server up, or change it to what the stack file says now: no rollout does."""
        newest = self._catalogue.newest()
        assert newest.content is not None, "a release that was just made has its whole stack file"
        self._front.change(newest.content, newest.image, self._serving())

    def scale(self, wanted: Mapping[str, int | None]) -> Sequence[str]:
        serving = self._serving()
        if serving is None:
            raise TargetError(f"{self._environment.name} serves nothing that could be scaled")
        return self._scaling.change(self._operations.release(serving), wanted)

    def maintenance(self) -> Maintenance | None:
        kept = self._objects.get(_MAINTENANCE)
        return None if kept is None or kept.data is None else Maintenance.from_json(json.loads(kept.data))

    def maintain(self, wanted: Maintenance | None) -> None:
        """Put a file on the volume of the front server, which looks for it at each request; or remove it."""
        self._owner.check()
        serving = self._serving()
        if serving is None:
            name = self._environment.name
            raise TargetError(f"no release serves in {name}: no visitor gets a page", hint=f"./ecluse deploy {name}")
        if wanted is None:
            self._once.files(self._operations.release(serving), "open", name=_MAINTENANCE)
            if self._objects.get(_MAINTENANCE) is not None:
                self._objects.delete(f"{self._services.stack}_{_MAINTENANCE}")
            return
        with suppress(Conflict):
            self._objects.create(_MAINTENANCE, _MAINTENANCE, json.dumps(wanted.as_json()).encode())
        self._once.files(self._operations.release(serving), "close", name=_MAINTENANCE)

    def _serving(self) -> str | None:
        """The release that serves; None where none does."""
        return next((one for task in self._operations.tasks() for one in task.serving()), None)

    def stop(self) -> None:
        """End all services. Volumes, releases, secrets and history stay."""
        there = self._services.existing()
        serving = [task.name for task in self._operations.tasks() if task.name in there]
        self._services.remove(serving)
        self._services.remove(sorted(there - set(serving)))

    def processes(self) -> list[dict[str, object]]:
        """The tasks that are meant to run, as the managers know them."""
        known = nodes(self._connection.api)
        return [
            {
                "task": f"{task.name}.{one.slot or one.node[:6]}",
                "release": one.release,
                "state": one.state,
                "node": known[one.node]["Description"]["Hostname"] if one.node in known else None,
                "seconds": max(0, round(time.time() - one.since_epoch)),
                "ready": one.serves,
                "error": one.error,
            }
            for task in self._operations.tasks()
            for one in self._services.tasks(task.name)
            if one.wanted
        ]

    def drift(self) -> Sequence[str]:
        """The changes that somebody has made by hand: how many tasks a service has, and the image that they run."""
        serving = self._serving()
        return self._operations.drift(self._operations.release(serving)) if serving else ()

    def logs(self, what: str, lines: int, follow: bool) -> int:
        """Print what containers printed, each line with its task and machine; or what a job printed that has ended.
        Returns docker's exit code.
        """
        there = self._services.existing()
        if what not in there and (found := self._output.last(what)) is not None:
            print(*found[-lines:], sep="\n")
            return 0
        if what not in there:
            known = ", ".join(sorted({*there, *self._output.jobs()}))
            raise TargetError(f"no service {what!r} runs in {self._environment.name}", hint=f"there are: {known}")
        options = ("--follow",) if follow else ()
        name = self._services.name(what)
        return self._connection.attached("service", "logs", "--tail", str(lines), *options, name)

    def data(self) -> Data:
        raise TargetError(
            f"{self._environment.name} is a swarm: only the data of a server is saved so far",
            hint="run pg_dump in the container of the database, and copy the volumes of the media",
        )

    def exec(self, what: str, command: Sequence[str], *, terminal: bool, variables: Mapping[str, str]) -> int:
        """Run *command* once as the serving release's *what* would run; in what has state (a database), in its
        container on the engine we are connected to, without *variables*. Returns its exit code.
        """
        self._owner.check()
        serving = self._serving()
        release = self._operations.release(serving) if serving else None
        if release is not None and what in release.stack["services"]:
            return self._commands.run(release, what, command, terminal=terminal, variables=variables)
        here = self._connection.api.get("/info")["Swarm"]["NodeID"]
        found = [one for one in self._services.tasks(what) if one.serves and one.container]
        for one in found:
            if one.node == here and one.container:
                options = ("--interactive", "--tty") if terminal else ("--interactive",)
                return self._connection.attached("exec", *options, one.container, *command)
        where = {nodes(self._connection.api)[one.node]["Description"]["Hostname"] for one in found}
        raise TargetError(
            f"no task of {what} runs on {self._connection.name}",
            hint=f"they run on {', '.join(sorted(where))}: DOCKER_HOST=ssh://… of one of them" if where else None,
        )
