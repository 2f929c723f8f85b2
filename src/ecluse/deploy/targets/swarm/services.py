"""The services of a stack: given to the swarm, and looked at until they are what was asked for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ecluse.deploy.targets.swarm import stackfile
from ecluse.deploy.targets.swarm.api import Conflict, Missing
from ecluse.deploy.targets.swarm.connection import Connection
from ecluse.deploy.targets.swarm.tasks import (
    BEGINNING,
    Task,
    ended,
    failed,
    logs,
    nodes,
    paused,
    replicas,
    rolled_back,
    tasks_of,
    why,
)
from ecluse.errors import RolloutError, TargetError

__all__ = ["GONE", "Services"]

GONE = "ecluse.gone"
"""The label of a service with the task that its update need not wait for."""

_HINDSIGHT = 5.0


class Services:
    """Those of the stack *stack*, which people know as *environment*. A task may take *patience* seconds."""

    def __init__(self, connection: Connection, stack: str, environment: str, patience: float) -> None:
        self._connection, self._api = connection, connection.api
        self.stack, self._environment, self._patience = stack, environment, patience

    def name(self, service: str) -> str:
        """What the swarm calls it."""
        return f"{self.stack}_{service}"

    def existing(self) -> set[str]:
        """The names, without the stack's, of those that there are."""
        return {one["Spec"]["Name"].removeprefix(f"{self.stack}_") for one in self._all()}

    def jobs(self) -> list[str]:
        """The names of those that end by themselves."""
        found = [one["Spec"] for one in self._all() if {"ReplicatedJob", "GlobalJob"} & set(one["Spec"]["Mode"])]
        return sorted(spec["Name"].removeprefix(f"{self.stack}_") for spec in found)

    def tasks(self, service: str) -> list[Task]:
        """Its tasks, those that ended as well, oldest first."""
        return tasks_of(self._api, self.name(service))

    def deploy(self, content: Mapping[str, Any]) -> None:
        """Let the swarm have *content*. What is not in it is left alone."""
        self._connection.run(
            *("stack", "deploy", "--compose-file", "-", "--detach=true", "--with-registry-auth"),
            *("--resolve-image", "never", self.stack),
            input=json.dumps(stackfile.escaped(content)),
        )

    def go_on(self, service: str) -> None:
        """Take up an update that the swarm gave up in the middle: asking for the same again does not."""
        with suppress(Missing):
            if paused(self._api.get(f"/services/{self.name(service)}")):
                self._connection.run("service", "update", "--detach", "--quiet", "--force", self.name(service))

    def settle(self, task: str, release_id: str, seen: Collection[str]) -> None:
        """Return once all tasks of the service run the release and no other; raise where they will not, or not in time.

        Tasks in *seen* were there before: that they failed says nothing.
        """
        began = time.monotonic()
        while True:
            service = self._api.get(f"/services/{self.name(task)}")
            found = self.tasks(task)
            ready = [one for one in found if one.serves and one.release == release_id]
            others = [one for one in found if one.wanted and one.release != release_id]
            wanted = replicas(service)
            if len(ready) >= wanted and not others:
                return
            self._give_up(task, release_id, service, seen)
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

    def whole(self, service: str, release_id: str) -> bool:
        """Whether all tasks of the service run the release, and no other."""
        try:
            wanted = replicas(self._api.get(f"/services/{self.name(service)}"))
        except Missing:
            return False
        found = [one for one in self.tasks(service) if one.wanted]
        ready = [one for one in found if one.serves and one.release == release_id]
        return len(ready) >= wanted and all(one.release == release_id for one in found)

    def remove(self, names: Sequence[str]) -> None:
        """End services, and return once their tasks have finished what they had."""
        left = [one for name in names for one in self.tasks(name) if one.state in ("starting", "running")]
        for name in names:
            self._api.delete(f"/services/{self.name(name)}")
        began = time.monotonic()
        while left and time.monotonic() - began < self._patience:
            found = self._api.get("/tasks", filters={"id": [one.id for one in left]})
            left = [one for one in left if one.id in {task["ID"] for task in found if _runs(task)}]
            time.sleep(0.2 if left else 0)

    def up(self, name: str) -> None:
        """Return once the service runs as it is meant to."""
        began = time.monotonic()
        while True:
            service = self._api.get(f"/services/{self.name(name)}")
            found = self.tasks(name)
            changed = (service.get("UpdateStatus") or {}).get("State") == "updating"
            if not changed and len([one for one in found if one.serves]) >= replicas(service):
                return
            if time.monotonic() - began > self._patience:
                waiting = [one for one in found if not one.serves]
                raise TargetError(f"{name} does not run: {why(waiting, nodes(self._api))}")
            time.sleep(0.2)

    def errors(self, since: float) -> list[str]:
        """What the front server answered with an error of the site since then."""
        found = []
        for line in logs(self._api, f"/services/{self.name(stackfile.FRONT)}", since=since):
            with suppress(ValueError, TypeError, KeyError):
                answer = json.loads(line)
                if answer["status"] >= 500 and answer["status"] != 503:
                    found.append(f"{answer['status']} to {answer['method']} {answer['uri']}")
        return found

    def _all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._api.get(
            "/services", filters={"label": [f"com.docker.stack.namespace={self.stack}"]}
        )
        return found

    def _look_again(self, service: Mapping[str, Any], found: Sequence[Task]) -> None:
        """Have an update go on that waits for a task on a machine which went away: a swarm does so for ever, though it
        has given the task to another machine. A label that is another is all that it takes.
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
        """Raise where waiting for *task* is of no use. Tasks in *seen* say nothing about that."""

        def tasks(over: Callable[[Task], bool]) -> list[Task]:
            ours = [one for one in self.tasks(task) if one.release == release_id and one.id not in seen]
            return [one for one in ours if over(one)]

        found = tasks(failed)
        said = rolled_back(service, release_id)
        if not found and said is None:
            return
        began = time.monotonic()
        # The swarm gives an update up a moment before it says what became of the task, which may have ended in good
        # order once it was told to.
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
