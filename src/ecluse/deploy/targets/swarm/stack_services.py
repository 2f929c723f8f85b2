"""The services of a stack: deploys them, and waits until their tasks run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ecluse.deploy.targets.swarm import limits, stackfile
from ecluse.deploy.targets.swarm.access_log import AccessLog
from ecluse.deploy.targets.swarm.api import Conflict, Missing
from ecluse.deploy.targets.swarm.connection import Connection
from ecluse.deploy.targets.swarm.counts import Counts
from ecluse.deploy.targets.swarm.tasks import (
    BEGINNING,
    SwarmTask,
    ended,
    failed,
    logs,
    nodes,
    paused,
    replicas,
    rolled_back,
    seconds,
    tasks_of,
    why,
)
from ecluse.errors import RolloutError, TargetError

__all__ = ["COMMAND", "GONE", "Services"]

COMMAND = "exec-"
"""The beginning of the names of jobs that people run commands in."""

GONE = "ecluse.gone"
"""A label with the id of a task on a lost machine. Setting it makes the swarm schedule the update again."""

_ASKED = 1.0
"""Seconds between two looks at what the first new tasks answer."""

_STEADY = 1.0
"""Seconds for which a service has to run: an update begins a moment after it was asked for."""

_NO_ADDRESS = "missing network attachments"
"""In the error of a task that was given to a machine before this had an address in the network, as where the only other
task there has just ended. The swarm starts another.
"""

_HINDSIGHT = 5.0
"""Seconds until the swarm says why a task has failed, after it has given up an update."""


class Services:
    """The services of the stack *stack*, which people call *environment*. A task may take *patience* seconds to get
    ready. *counts* are the numbers of tasks that hold in the place of a release's own.
    """

    def __init__(self, connection: Connection, stack: str, environment: str, patience: float, counts: Counts) -> None:
        self._connection, self._api, self._counts = connection, connection.api, counts
        self.stack, self._environment, self._patience = stack, environment, patience
        self.failing: set[str] = set()
        """Releases that have answered visitors with too many errors."""

    def name(self, service: str) -> str:
        """The name of *service* in the swarm: the stack's name comes before it."""
        return f"{self.stack}_{service}"

    def existing(self) -> set[str]:
        """The names of the services that exist, without the name of the stack."""
        return {one["Spec"]["Name"].removeprefix(f"{self.stack}_") for one in self._all()}

    def jobs(self) -> list[str]:
        """The names of the services that are one-off jobs; but not of commands of people that still run."""
        found = [one["Spec"] for one in self._all() if {"ReplicatedJob", "GlobalJob"} & set(one["Spec"]["Mode"])]
        names = sorted(spec["Name"].removeprefix(f"{self.stack}_") for spec in found)
        return [one for one in names if not one.startswith(COMMAND) or all(ended(task) for task in self.tasks(one))]

    def tasks(self, service: str) -> list[SwarmTask]:
        """The tasks of *service*, also those that have ended, oldest first."""
        return tasks_of(self._api, self.name(service))

    def deploy(self, content: Mapping[str, Any]) -> None:
        """Deploy the services of *content*. Services that are not in it stay as they are."""
        self._connection.run(
            *("stack", "deploy", "--compose-file", "-", "--detach=true", "--with-registry-auth"),
            *("--resolve-image", "never", self.stack),
            input=json.dumps(stackfile.escaped(stackfile.counted(content, self._counts.all()))),
        )

    def go_on(self, service: str) -> None:
        """Continue an update that the swarm has paused: deploying the same content again does not."""
        with suppress(Missing):
            if paused(self._api.get(f"/services/{self.name(service)}")):
                self._connection.run("service", "update", "--detach", "--quiet", "--force", self.name(service))

    def settle(
        self, task: str, release_id: str, seen: Collection[str], trouble: Callable[[], str | None] | None = None
    ) -> None:
        """Return once all tasks of the service run the release and no other one. Raises RolloutError where they fail,
        or are not ready in time; or where *trouble*, asked every second, says what is wrong with them.

        Tasks in *seen* existed before the update: if these have failed, that says nothing about it.
        """
        began = asked = time.monotonic()
        while True:
            service = self._api.get(f"/services/{self.name(task)}")
            found = self.tasks(task)
            ready = [one for one in found if one.serves and one.release == release_id]
            others = [one for one in found if one.wanted and one.release != release_id]
            wanted = replicas(service)
            if len(ready) >= wanted and not others:
                return
            self._give_up(task, release_id, service, seen)
            if trouble is not None and time.monotonic() - asked >= _ASKED:
                if (wrong := trouble()) is not None:
                    self.failing.add(release_id)
                    raise RolloutError(f"{task} of release {release_id} does not do well: {wrong}")
                asked = time.monotonic()
            self._look_again(service, found)
            if time.monotonic() - began > self._patience * max(1, wanted):
                waiting = [one for one in found if one.wanted and not one.serves]
                reason = why(waiting, nodes(self._api))
                if not reason:
                    reason = ", ".join(sorted({one.state for one in waiting})) or "no task"
                    if any(one.state in ("assigned", "accepted", "preparing", "ready") for one in waiting):
                        # Of a full disk, say, the swarm says nothing.
                        reason += ", for a reason that the log of its engine may have: a full disk?"
                raise RolloutError(
                    f"{len(ready)} of {wanted} tasks of {task} run release {release_id} after "
                    f"{time.monotonic() - began:.0f} s: {reason}",
                    hint=f"./ecluse logs {self._environment} --of {task}",
                )
            time.sleep(0.1)

    def spread(self, name: str) -> None:
        """Move tasks of the service apart that share a machine while another has none: the swarm starts the next task
        beside those that are about to end. It gets as many tasks more, and ends those that share.
        """
        service = self._api.get(f"/services/{self.name(name)}")
        placement = (service["Spec"]["TaskTemplate"].get("Placement") or {}).get("Constraints") or ()
        machines = [one.node for one in self.tasks(name) if one.serves]
        may = limits.may_run_on({"deploy": {"placement": {"constraints": placement}}}, nodes(self._api))
        more = min(len(set(may) - set(machines)), len(machines) - len(set(machines)))
        if more <= 0 or "Replicated" not in service["Spec"]["Mode"]:
            return
        wanted = replicas(service)
        try:
            self.scale(name, wanted + more)
            began = time.monotonic()
            while len([one for one in self.tasks(name) if one.serves]) < wanted + more:
                if time.monotonic() - began > self._patience:
                    break  # there is room for no more: what serves goes on as it was
                time.sleep(0.2)
        finally:
            self.scale(name, wanted)

    def meant(self, name: str, service: Mapping[str, Any]) -> int:
        """The number of tasks that the service *name* is to have, which the stack file describes as *service*."""
        return self._counts.all().get(name, stackfile.count_of(service))

    def count(self, name: str) -> int:
        """The number of tasks that the swarm gives the service now."""
        return replicas(self._api.get(f"/services/{self.name(name)}"))

    def scale(self, name: str, count: int) -> None:
        """Give the service *count* tasks, and change nothing else."""
        for _ in range(10):
            service = self._api.get(f"/services/{self.name(name)}")
            spec = {**service["Spec"], "Mode": {"Replicated": {"Replicas": count}}}
            query = {"version": service["Version"]["Index"], "registryAuthFrom": "spec"}
            with suppress(Conflict):  # the swarm has changed it in the meantime: asked again
                self._api.post(f"/services/{service['ID']}/update", spec, **query)
                return

    def whole(self, service: str, release_id: str) -> bool:
        """Whether all tasks of the service run the release, and no other one."""
        try:
            wanted = replicas(self._api.get(f"/services/{self.name(service)}"))
        except Missing:
            return False
        found = [one for one in self.tasks(service) if one.wanted]
        ready = [one for one in found if one.serves and one.release == release_id]
        return len(ready) >= wanted and all(one.release == release_id for one in found)

    def drift(self, name: str, wanted: Mapping[str, Any]) -> list[str]:
        """The differences between the running service and *wanted*, that of the stack file: a sentence for each."""
        try:
            service = self._api.get(f"/services/{self.name(name)}")
        except Missing:
            return [f"{name} has been removed by hand"]
        count, meant = replicas(service), self.meant(name, wanted)
        image = str(service["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"])
        found = [f"{name} has {count} tasks, changed by hand from {meant}"] if count != meant else []
        return found + ([f"{name} runs {image}, changed by hand"] if image != wanted["image"] else [])

    def remove(self, names: Sequence[str]) -> None:
        """Remove services. Returns once their tasks have finished the work that they had begun."""
        left = [one for name in names for one in self.tasks(name) if one.state in ("starting", "running")]
        for name in names:
            self._api.delete(f"/services/{self.name(name)}")
        began = time.monotonic()
        while left and time.monotonic() - began < self._patience:
            found = self._api.get("/tasks", filters={"id": [one.id for one in left]})
            left = [one for one in left if one.id in {task["ID"] for task in found if _runs(task)}]
            time.sleep(0.2 if left else 0)

    def up(self, name: str, seen: Collection[str]) -> None:
        """Return once all tasks of the service run as it says, for a second. Raises TargetError where one that is not
        in *seen* fails, or they do not run in time.
        """
        began = whole = time.monotonic()
        while True:
            now = time.monotonic()
            found = self.tasks(name)
            if not self._as_told(name):
                whole = now
            elif now - whole >= _STEADY:
                return
            broken = [one for one in found if failed(one) and one.id not in seen and _NO_ADDRESS not in one.error]
            if broken or now - began > self._patience:
                waiting = broken or [one for one in found if not one.serves]
                lines = logs(self._api, f"/tasks/{waiting[-1].id}", tail=15) if waiting else []
                reason = f"{name} does not run: {why(waiting, nodes(self._api))}"
                raise TargetError("\n".join([reason, *(f"  {line}" for line in lines)]))
            time.sleep(0.2)

    def _as_told(self, name: str) -> bool:
        """Whether the tasks of the service run with its present content, and no update is under way."""
        service = self._api.get(f"/services/{self.name(name)}")
        wanted = service["Spec"]["TaskTemplate"]["ContainerSpec"]
        tasks = self._api.get("/tasks", filters={"service": [self.name(name)], "desired-state": ["running"]})
        running = [one for one in tasks if _runs(one) and one["Spec"]["ContainerSpec"] == wanted]
        updating = (service.get("UpdateStatus") or {}).get("State") == "updating"
        return not updating and len(running) >= replicas(service)

    def access_log(self) -> AccessLog:
        """The log of the front server, from now on."""
        return AccessLog(self._api, self.name(stackfile.FRONT), seconds(self._api.get("/info")["SystemTime"]))

    def addresses(self, service: str, meant: Callable[[SwarmTask], bool]) -> set[str]:
        """The addresses in the stack's networks of those tasks that are *meant*, also once they have ended."""
        ours = {one.id for one in self.tasks(service) if meant(one)}
        found = self._api.get("/tasks", filters={"service": [self.name(service)]}) if ours else []
        return {
            address.partition("/")[0]
            for task in found
            if task["ID"] in ours
            for network in task.get("NetworksAttachments") or ()
            for address in network.get("Addresses") or ()
        }

    def _all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._api.get(
            "/services", filters={"label": [f"com.docker.stack.namespace={self.stack}"]}
        )
        return found

    def _look_again(self, service: Mapping[str, Any], found: Sequence[SwarmTask]) -> None:
        """Unblock an update that waits for a task on a lost machine: the swarm waits for ever, although the task runs
        elsewhere by now. Changing a label of the service is enough.
        """
        waiting = [one for one in found if not one.wanted and one.state in BEGINNING]
        if not waiting or waiting[-1].id == (service["Spec"].get("Labels") or {}).get(GONE):
            return
        node = nodes(self._api).get(waiting[-1].node)
        if node is not None and node["Status"]["State"] == "down":
            spec = {**service["Spec"], "Labels": {**(service["Spec"].get("Labels") or {}), GONE: waiting[-1].id}}
            with suppress(Conflict):  # the swarm has changed it in the meantime: asked again
                self._api.post(f"/services/{service['ID']}/update", spec, version=service["Version"]["Index"])

    def _give_up(self, task: str, release_id: str, service: Mapping[str, Any], seen: Collection[str]) -> None:
        """Raise RolloutError where tasks have failed, or the swarm has rolled the update back. Tasks in *seen* do not
        count.
        """

        def tasks(over: Callable[[SwarmTask], bool]) -> list[SwarmTask]:
            ours = [one for one in self.tasks(task) if one.release == release_id and one.id not in seen]
            return [one for one in ours if over(one)]

        found = tasks(failed)
        said = rolled_back(service, release_id)
        if not found and said is None:
            return
        began = time.monotonic()
        # The swarm gives an update up a moment before it says what became of the task, which may have ended well.
        while not found and time.monotonic() - began < _HINDSIGHT:
            time.sleep(0.2)
            found = tasks(ended)
        lines = logs(self._api, f"/tasks/{found[-1].id}", tail=15) if found else []
        # Told to end because its health check failed, it has ended well: there is no error then.
        reason = why(found, nodes(self._api)) or f"its health check did not succeed ({said})"
        raise RolloutError(
            "\n".join([f"{task} of release {release_id} does not start: {reason}", *(f"  {one}" for one in lines)]),
            hint=f"./ecluse logs {self._environment} --of {task}",
        )


def _runs(task: Mapping[str, Any]) -> bool:
    return task["Status"]["State"] in ("starting", "running")
