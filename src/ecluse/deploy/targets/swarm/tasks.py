"""The tasks of a service, as the managers of the swarm know them, and the logs of their containers."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ecluse.deploy.targets.swarm.api import Api, Missing
from ecluse.deploy.targets.swarm.stackfile import RELEASE

__all__ = [
    "BEGINNING",
    "SwarmTask",
    "down",
    "ended",
    "failed",
    "frames",
    "logs",
    "output",
    "nodes",
    "paused",
    "replicas",
    "rolled_back",
    "seconds",
    "tasks_of",
    "why",
]


BEGINNING = frozenset({"new", "pending", "assigned", "accepted", "preparing", "ready", "starting"})
"""The states of a task before it runs."""


@dataclass(frozen=True)
class SwarmTask:
    """A task of a service: *release* is the release that it runs, *wanted* whether the swarm wants it to run, *error*
    what the swarm says about it.
    """

    id: str
    slot: int
    node: str
    release: str | None
    image: str
    state: str
    wanted: bool
    error: str
    container: str | None
    created: str
    since: str

    @property
    def since_epoch(self) -> float:
        """When the task came into its state: seconds since the epoch, by the clock of the swarm."""
        return seconds(self.since)

    @property
    def serves(self) -> bool:
        """Whether the swarm wants it to run and it does. A task with a health check has been healthy once."""
        return self.wanted and self.state == "running"


def tasks_of(api: Api, service: str) -> list[SwarmTask]:
    """The tasks of *service*, those that ended as well, oldest first; none where there is no such service."""
    try:
        found = api.get("/tasks", filters={"service": [service]})
    except Missing:
        return []
    return [_task(one) for one in sorted(found, key=lambda one: one["CreatedAt"].rstrip("Z"))]


def _task(found: Mapping[str, Any]) -> SwarmTask:
    container, status = found["Spec"]["ContainerSpec"], found["Status"]
    return SwarmTask(
        found["ID"],
        found.get("Slot", 0),
        found.get("NodeID", ""),
        (container.get("Labels") or {}).get(RELEASE),
        container["Image"],
        status["State"],
        found["DesiredState"] in ("running", "ready"),
        status.get("Err", ""),
        status.get("ContainerStatus", {}).get("ContainerID") or None,
        found["CreatedAt"],
        status["Timestamp"],
    )


def failed(task: SwarmTask) -> bool:
    """Whether the task ended with an error, or could not begin."""
    return task.state in ("failed", "rejected")


def ended(task: SwarmTask) -> bool:
    """Whether the task has ended, for whatever reason."""
    return failed(task) or task.state in ("complete", "shutdown", "orphaned", "remove")


def replicas(service: Mapping[str, Any]) -> int:
    """The number of tasks that *service*, as the API describes it, is to have; 1 where it has one on each node."""
    mode = service["Spec"]["Mode"]
    return int(mode["Replicated"]["Replicas"]) if "Replicated" in mode else 1


def paused(service: Mapping[str, Any]) -> bool:
    """Whether the swarm has given an update of *service* up, and left it in the middle."""
    return str((service.get("UpdateStatus") or {}).get("State", "")) in ("paused", "rollback_paused")


def rolled_back(service: Mapping[str, Any], release: str) -> str | None:
    """The reason that the swarm gives where it has rolled *service* back from *release*; None where it has not."""
    status = service.get("UpdateStatus") or {}
    ours = (service["Spec"].get("Labels") or {}).get(RELEASE) == release
    # It goes back by giving the service what it was before: to what we ask for, it may well go back.
    if paused(service) or (not ours and str(status.get("State", "")).startswith("rollback")):
        return str(status.get("Message", ""))
    return None


def nodes(api: Api) -> dict[str, Mapping[str, Any]]:
    """The machines of the swarm, by id."""
    return {one["ID"]: one for one in api.get("/nodes")}


def down(api: Api) -> dict[str, str]:
    """The names of the machines that the managers take for dead, by id."""
    return {id: node["Description"]["Hostname"] for id, node in nodes(api).items() if node["Status"]["State"] == "down"}


def logs(api: Api, path: str, *, tail: int | str = "all", since: float = 0) -> list[str]:
    """The lines that containers printed, on whatever node: *path* is ``/services/NAME`` or ``/tasks/ID``.

    *since* is in seconds since the epoch.
    """
    return output(api, path, tail=tail, since=since).splitlines()


def output(api: Api, path: str, *, tail: int | str = "all", since: float = 0) -> str:
    """The text of :func:`logs`, as far as it has come. An engine keeps a long line in pieces of 16 kB: the last line
    may be the beginning of one.
    """
    pieces = frames(api, path, tail=tail, since=f"{since:.9f}" if since else 0)
    return b"".join(pieces).decode(errors="replace")


def frames(api: Api, path: str, **query: object) -> list[bytes]:
    """The pieces of the output at *path*, as the engine has them: a line, or 16 kB of a longer one; none where there is
    no such output. *query* is the engine's own.
    """
    stream = b""
    with contextlib.suppress(Missing):
        stream = api.read(f"{path}/logs", stdout=1, stderr=1, **query)
    return _demultiplexed(stream)


def _demultiplexed(stream: bytes) -> list[bytes]:
    """The payloads of a stream of frames, each eight bytes and a payload:
    https://docs.docker.com/reference/api/engine/version/v1.44/#tag/Container/operation/ContainerAttach
    """
    pieces: list[bytes] = []
    at = 0
    while at + 8 <= len(stream):
        size = int.from_bytes(stream[at + 4 : at + 8], "big")
        pieces.append(stream[at + 8 : at + 8 + size])
        at += 8 + size
    return pieces


def seconds(text: str) -> float:
    """Seconds since the epoch of a time as engines write it: with nanoseconds, more than Python reads."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{rest or 0}")


def why(tasks: Sequence[SwarmTask], names: Mapping[str, Mapping[str, Any]]) -> str:
    """The reasons that the swarm gives for *tasks* that do not run: each reason once, with its node."""
    said = {
        f"{names[task.node]['Description']['Hostname'] if task.node in names else 'no node'}: {task.error}"
        for task in tasks
        if task.error
    }
    return "; ".join(sorted(said))
