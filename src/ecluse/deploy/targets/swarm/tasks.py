"""What runs in a swarm: the tasks of a service as its managers know them, and what their containers printed."""

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
    "Task",
    "ended",
    "failed",
    "logs",
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
class Task:
    """A task: *release* is what it runs, *wanted* whether it is meant to, *error* what the swarm says of it."""

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
        """When it came into its state, in seconds since the epoch, by the swarm's clock."""
        return seconds(self.since)

    @property
    def serves(self) -> bool:
        """It is meant to run and does; one with a health check has been healthy once."""
        return self.wanted and self.state == "running"


def tasks_of(api: Api, service: str) -> list[Task]:
    """The tasks of *service*, those that ended as well, oldest first; none where there is no such service."""
    try:
        found = api.get("/tasks", filters={"service": [service]})
    except Missing:
        return []
    return [_task(one) for one in sorted(found, key=lambda one: one["CreatedAt"].rstrip("Z"))]


def _task(found: Mapping[str, Any]) -> Task:
    container, status = found["Spec"]["ContainerSpec"], found["Status"]
    return Task(
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


def failed(task: Task) -> bool:
    """It ended as it was not meant to, or never began."""
    return task.state in ("failed", "rejected")


def ended(task: Task) -> bool:
    """It runs no more, for whatever reason."""
    return failed(task) or task.state in ("complete", "shutdown", "orphaned", "remove")


def replicas(service: Mapping[str, Any]) -> int:
    """How many tasks *service*, as the API has it, is meant to have; 1 at least where it has one on each node."""
    mode = service["Spec"]["Mode"]
    return int(mode["Replicated"]["Replicas"]) if "Replicated" in mode else 1


def paused(service: Mapping[str, Any]) -> bool:
    """Whether the swarm has given an update of *service* up, and left it in the middle."""
    return str((service.get("UpdateStatus") or {}).get("State", "")) in ("paused", "rollback_paused")


def rolled_back(service: Mapping[str, Any], release: str) -> str | None:
    """What the swarm says where it has given up bringing *release* to *service*; None where it has not."""
    status = service.get("UpdateStatus") or {}
    ours = (service["Spec"].get("Labels") or {}).get(RELEASE) == release
    # It goes back by giving the service what it was before: to what we ask for, it may well go back.
    if paused(service) or (not ours and str(status.get("State", "")).startswith("rollback")):
        return str(status.get("Message", ""))
    return None


def nodes(api: Api) -> dict[str, Mapping[str, Any]]:
    """The machines of the swarm, by id."""
    return {one["ID"]: one for one in api.get("/nodes")}


def logs(api: Api, path: str, *, tail: int | str = "all", since: float = 0) -> list[str]:
    """The lines that containers printed, on whatever node: *path* is ``/services/NAME`` or ``/tasks/ID``.

    *since* is in seconds since the epoch.
    """
    with contextlib.suppress(Missing):
        stream = api.read(f"{path}/logs", stdout=1, stderr=1, tail=tail, since=f"{since:.9f}" if since else 0)
        return _demultiplexed(stream).decode(errors="replace").splitlines()
    return []


def _demultiplexed(stream: bytes) -> bytes:
    """What was printed, out of frames of eight bytes and a payload:
    https://docs.docker.com/reference/api/engine/version/v1.44/#tag/Container/operation/ContainerAttach
    """
    pieces: list[bytes] = []
    at = 0
    while at + 8 <= len(stream):
        size = int.from_bytes(stream[at + 4 : at + 8], "big")
        pieces.append(stream[at + 8 : at + 8 + size])
        at += 8 + size
    return b"".join(pieces)


def seconds(text: str) -> float:
    """Seconds since the epoch of a time as engines write it: with nanoseconds, more than Python reads."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{rest or 0}")


def why(tasks: Sequence[Task], names: Mapping[str, Mapping[str, Any]]) -> str:
    """What the swarm says of tasks that do not run, each thing once, with the node."""
    said = {
        f"{names[task.node]['Description']['Hostname'] if task.node in names else 'no node'}: {task.error}"
        for task in tasks
        if task.error
    }
    return "; ".join(sorted(said))
