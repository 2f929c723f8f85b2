"""One-off commands of people: jobs of the serving release, with its image, settings, secrets and networks."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from typing import Any

from ecluse.deploy.targets.swarm import stackfile
from ecluse.deploy.targets.swarm.connection import Connection
from ecluse.deploy.targets.swarm.following import Followed
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.release import SwarmRelease
from ecluse.deploy.targets.swarm.stack_services import COMMAND, Services
from ecluse.deploy.targets.swarm.tasks import SwarmTask, ended, nodes, why
from ecluse.errors import TargetError

__all__ = ["CommandJobs"]

START_SECONDS = 180.0

_IDLE = "/run/ecluse/idle.py"


class CommandJobs:
    """Runs commands in the swarm that *connection* reaches. *write* gets the output of a command that runs on another
    machine.
    """

    def __init__(
        self,
        connection: Connection,
        objects: Objects,
        services: Services,
        say: Callable[[str], None],
        write: Callable[[str], object] = sys.stdout.write,
    ) -> None:
        self._connection, self._api, self._objects, self._services = connection, connection.api, objects, services
        self._say, self._write = say, write

    def run(
        self,
        release: SwarmRelease,
        template: str,
        command: Sequence[str],
        *,
        terminal: bool,
        variables: Mapping[str, str],
    ) -> int:
        """Run *command* once in a container like those of the service *template* of *release*. Returns its exit code.

        It runs on the machine of the engine that we are connected to, with our input, *terminal* and *variables*;
        where that takes no tasks, on any other, without them. What was made for it is removed.
        """
        here = self._api.get("/info")["Swarm"]["NodeID"]
        name = f"{COMMAND}{secrets.token_hex(3)}"
        try:
            if nodes(self._api)[here]["Spec"].get("Availability", "active") == "active":
                return self._beside(release, template, name, here, command, terminal, variables)
            return self._elsewhere(release, template, name, command, variables)
        finally:
            self._api.delete(f"/services/{self._services.name(name)}")

    def _beside(
        self,
        release: SwarmRelease,
        template: str,
        name: str,
        node: str,
        command: Sequence[str],
        terminal: bool,
        variables: Mapping[str, str],
    ) -> int:
        script = resources.files("ecluse.deploy.targets.swarm").joinpath("idle.py").read_bytes()
        configs = {_IDLE: self._objects.ensure("idle.py", script, "configs")}
        content = stackfile.job(release.stack, template, name=name, command=["python", _IDLE], configs=configs)
        content["services"][name]["deploy"]["placement"] = {"constraints": [f"node.id == {node}"]}
        self._services.deploy(content)
        container = self._begun(name, lambda task: task.state == "running" and bool(task.container)).container
        assert container is not None
        options = ("--interactive", "--tty") if terminal else ("--interactive",)
        # By name alone: docker takes the values from its own environment, and no list of processes shows them.
        named = [word for variable in sorted(variables) for word in ("--env", variable)]
        return self._connection.attached("exec", *options, *named, container, *command, extra=variables)

    def _elsewhere(
        self,
        release: SwarmRelease,
        template: str,
        name: str,
        command: Sequence[str],
        variables: Mapping[str, str],
    ) -> int:
        self._say("the engine that answers takes no tasks: the command runs on another machine, without input")
        if variables:  # as variables of a service, everybody who may look at the swarm would see them
            self._say(f"and without {', '.join(sorted(variables))}")
        self._services.deploy(stackfile.job(release.stack, template, name=name, command=command))
        output = Followed(self._api, f"/services/{self._services.name(name)}")
        while True:
            done = [one for one in self._services.tasks(name) if ended(one)]
            self._write(output.look())
            if done:
                return self._code(name, done[-1])
            time.sleep(0.5)

    def _begun(self, name: str, over: Callable[[SwarmTask], bool]) -> SwarmTask:
        began = time.monotonic()
        while True:
            found = self._services.tasks(name)
            if ready := [one for one in found if over(one)]:
                return ready[0]
            if any(ended(one) for one in found) or time.monotonic() - began > START_SECONDS:
                reason = why(found, nodes(self._api)) or ", ".join(one.state for one in found) or "no task"
                raise TargetError(f"no container for the command: {reason}", where=self._connection.name)
            time.sleep(0.1)

    def _code(self, name: str, task: SwarmTask) -> int:
        found: dict[str, Any] = self._api.get("/tasks", filters={"id": [task.id]})[0]["Status"]
        return int((found.get("ContainerStatus") or {}).get("ExitCode") or (0 if task.state == "complete" else 1))
