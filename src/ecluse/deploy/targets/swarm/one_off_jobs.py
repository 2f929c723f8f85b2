"""One-off jobs: a swarm's services that end by themselves.

They run where the release will, with its own image, secrets and networks: the machine that deploys needs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from ecluse.deploy.targets.swarm.api import Api
from ecluse.deploy.targets.swarm.tasks import SwarmTask, down, failed, logs, nodes, output, tasks_of, why
from ecluse.errors import CommandError, RolloutError

__all__ = ["Lost", "NodeDown", "fail", "remove", "run"]

_LOOK = 2.0
"""Seconds between two questions about the machines."""

_ASK = 0.1
"""Seconds between two questions about a job's tasks, and about its output."""

Lost: TypeAlias = Callable[[Sequence[str]], None]


class NodeDown(RolloutError):
    """A machine went down with the only task of a job."""


def fail(names: Sequence[str]) -> None:
    """Raise NodeDown: nobody knows how far the task on the machines *names* has come."""
    raise NodeDown(f"{', '.join(names)} went down while it ran this")


def run(
    api: Api,
    service: str,
    start: Callable[[], None],
    *,
    timeout: float,
    until: str | None = None,
    lost: Lost = fail,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Call *start*, which makes the job *service*; return the lines it printed once all its tasks are complete.

    *until*: a line that begins so is among them (they come a moment after the end). One of the same name, left by a
    deployer that was killed, is removed before; this one afterwards. *lost* gets the names of machines that went down
    with a task, which nobody hears of any more: it raises, or the job goes on without them. Raises CommandError with
    its last lines where a task failed, RolloutError where it takes longer than *timeout* seconds.
    """
    remove(api, service, clock=clock, sleep=sleep)
    try:
        start()
        began = looked = clock()
        gone: set[str] = set()
        while not (found := tasks_of(api, service)) or any(
            task.state != "complete" for task in found if task.id not in gone
        ):
            if broken := [task for task in found if failed(task)]:
                raise CommandError(_reason(api, service, broken))
            if clock() - began > timeout:
                waiting = why(found, nodes(api)) or ", ".join(sorted({task.state for task in found})) or "no task"
                raise RolloutError(f"{service} took longer than {timeout:g} s: {waiting}")
            if clock() - looked >= _LOOK:
                looked, names = clock(), down(api)
                more = [task for task in found if _alive(task) and task.node in names and task.id not in gone]
                if more:
                    lost(sorted({names[task.node] for task in more}))
                    gone |= {task.id for task in more}
            sleep(_ASK)
        text = output(api, f"/services/{service}")
        while until is not None and not _has(text, until) and clock() - began < timeout:
            sleep(_ASK)
            text = output(api, f"/services/{service}")
        return text.splitlines()
    finally:
        api.delete(f"/services/{service}")


def remove(
    api: Api,
    service: str,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """End a job that an earlier deployer began: of two, one would fail, or worse."""
    names = down(api)
    left = [task for task in tasks_of(api, service) if _alive(task) and task.node not in names]
    api.delete(f"/services/{service}")
    began = clock()
    # The service has gone at once; its containers end in their own time, and are asked for by the task.
    for task in left:
        while clock() - began < 60 and _exists(api, task):
            sleep(_ASK)


def _has(text: str, beginning: str) -> bool:
    """Whether a line of *text* begins so, and has come to its end."""
    return any(line.startswith(beginning) and line.endswith("\n") for line in text.splitlines(keepends=True))


def _alive(task: SwarmTask) -> bool:
    return task.state in ("assigned", "accepted", "preparing", "ready", "starting", "running")


def _exists(api: Api, task: SwarmTask) -> bool:
    found: Mapping[str, Any]
    for found in api.get("/tasks", filters={"id": [task.id]}):
        return str(found["Status"]["State"]) in ("preparing", "starting", "running")
    return False


def _reason(api: Api, service: str, broken: list[SwarmTask]) -> str:
    lines = logs(api, f"/services/{service}", tail=30)
    return "\n".join([f"{service}: {why(broken, nodes(api)) or 'it ended with an error'}", *lines])
