"""A swarm in memory that runs what it is given at once: what the target is tested on without an engine."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ecluse.deploy.health import Readiness
from ecluse.deploy.targets.swarm.api import Missing
from ecluse.deploy.targets.swarm.stackfile import RELEASE
from ecluse.errors import TargetError
from ecluse.migrations.report_mark import MARK
from tests.support.doubles.managers import Managers

__all__ = ["Orchestrator", "Way"]


class Orchestrator(Managers):
    """Managers, and nodes on which tasks run as soon as they are wanted.

    *broken* says of a service and its release that its tasks fail; the update of one in *stuck* waits for a machine
    that has gone away, that of one in *idle* for an engine that begins nothing; of one in *halfway* stops after
    its first new task. *printed* has the lines of a service,
    *done* the jobs that were run: the service, and its command.
    """

    def __init__(self, *nodes: str) -> None:
        super().__init__()
        self.nodes: dict[str, dict[str, Any]] = {
            f"node-{name}": {
                "ID": f"node-{name}",
                "Description": {"Hostname": name},
                "Spec": {"Labels": {}},
                "Status": {"State": "ready"},
                "Version": {"Index": 1},
            }
            for name in nodes or ("one",)
        }
        self.swarm: dict[str, Any] = {
            "LocalNodeState": "active",
            "ControlAvailable": True,
            "NodeID": next(iter(self.nodes)),
        }
        self.services: dict[str, dict[str, Any]] = {}
        self.tasks: list[dict[str, Any]] = []
        self.broken: Callable[[str, str | None], bool] = lambda service, release: False
        self.stuck: dict[str, tuple[Mapping[str, Any], ...]] = {}
        self.idle: set[str] = set()
        self.halfway: set[str] = set()
        self.orders: dict[str, Mapping[str, Any]] = {}
        self.found: dict[str, Any] = {
            "pending": [],
            "unknown": [],
            "behind": [],
            "how": [],
            "lost": [],
            "facts": {"uses": {}, "unknown": []},
        }
        self.printed: dict[str, list[str]] = {}
        self.done: list[tuple[str, tuple[str, ...]]] = []
        self.deployed: list[str] = []
        self._numbers = itertools.count(1)

    # Its API

    def get(self, path: str, *, filters: Mapping[str, Sequence[str]] | None = None, **query: object) -> Any:
        if path == "/info":
            return {**super().get(path), "Swarm": self.swarm}
        if path == "/nodes":
            return list(self.nodes.values())
        if path == "/services":
            if filters is None:
                return list(self.services.values())
            ((_label, stack),) = (one.split("=") for one in filters["label"])
            return [one for name, one in self.services.items() if name.startswith(f"{stack}_")]
        if path.startswith("/services/"):
            return self._service(path.rpartition("/")[2])
        if path == "/tasks":
            if filters is None:
                return self.tasks
            ids, names = filters.get("id"), filters.get("service", ())
            if ids is None:
                self._service(names[0])
            return [one for one in self.tasks if one["ID"] in (ids or ()) or one["ServiceName"] in names]
        return super().get(path, filters=filters, **query)

    def read(self, path: str, **query: object) -> bytes:
        _, kind, name, _logs = path.split("/")
        if kind == "tasks":
            name = next(one["ServiceName"] for one in self.tasks if one["ID"] == name)
        stamp = "2001-09-09T01:46:40.000000000Z " if query.get("timestamps") else ""
        lines = [f"{stamp}{line}\n".encode() for line in self.printed.get(name.rpartition("_")[2], ())]
        return b"".join(b"\x01\0\0\0" + len(line).to_bytes(4, "big") + line for line in lines)

    def post(self, path: str, body: Any = None, **query: object) -> Any:
        if path.startswith("/nodes/"):
            self.nodes[path.split("/")[2]]["Spec"] = body
            return None
        if path.startswith("/services/"):
            name = path.split("/")[2]
            if name not in self.stuck:
                self._change(name, body)
                return None
            self._run(name, name.rpartition("_")[2], *self.stuck.pop(name))
            self.services[name]["Spec"]["Labels"] = body["Labels"]
            return None
        return super().post(path, body, **query)

    def delete(self, path: str) -> None:
        _, kind, name = path.split("/")
        if kind != "services":
            super().delete(path)
        elif self.services.pop(name, None):
            self.tasks = [one for one in self.tasks if one["ServiceName"] != name]

    def _service(self, name: str) -> dict[str, Any]:
        if name not in self.services:
            raise Missing(f"no such service: {name}")
        return self.services[name]

    # What it does

    def deploy(self, stack: str, content: Mapping[str, Any]) -> None:
        """Deploy a stack, as ``docker stack deploy`` does, all at once."""
        for kind in ("configs", "secrets"):
            for name, definition in content.get(kind, {}).items():
                assert definition["external"], f"{name} is not in the engine"
                self._found(kind, definition["name"])
        for short, service in content["services"].items():
            self._run(f"{stack}_{short}", short, service, content)

    def _run(self, name: str, short: str, service: Mapping[str, Any], stack: Mapping[str, Any]) -> None:
        deploy = service.get("deploy") or {}
        job = str(deploy.get("mode", "")).endswith("-job")
        count = len(self.nodes) if deploy.get("mode", "").startswith("global") else int(deploy.get("replicas", 1))
        release = (service.get("labels") or {}).get(RELEASE)
        jobs = {"replicated-job": "ReplicatedJob", "global-job": "GlobalJob"}
        mode = {jobs[deploy["mode"]]: {}} if job else {"Replicated": {"Replicas": count}}
        names = [stack["secrets"][one["source"]]["name"] for one in service.get("secrets") or ()]
        secrets = [{"SecretName": one} for one in names]
        container = {"Image": service["image"], "Labels": {RELEASE: release}, "Secrets": secrets}
        spec = {
            "Name": name,
            "Mode": mode,
            "Labels": deploy.get("labels") or {},
            "EndpointSpec": {"Ports": [{"PublishedPort": one["published"]} for one in service.get("ports") or ()]},
            "TaskTemplate": {"ContainerSpec": container, "Placement": deploy.get("placement") or {}},
        }
        self.services[name] = {"ID": name, "Spec": spec, "Version": {"Index": 1}}
        if name in self.stuck:  # its task has been given to the last machine, which has gone away
            self.stuck[name] = (service, stack)
            self._start(name, count, "assigned", container)
            self.tasks[-1] |= {"DesiredState": "shutdown", "NodeID": list(self.nodes)[-1]}
            return
        if name in self.idle:
            self._start(name, count, "accepted", container)
            return
        self.orders[name] = deploy.get("update_config") or {}
        if name in self.halfway:
            self.halfway.remove(name)
            self.deployed.append(short)
            self._start(name, 1, "running", container)
            return
        failing = self.broken(short, release)
        if job:
            self.done.append((short, tuple(service["command"])))
            if "preflight" in service["command"] and not failing:
                self.printed[short] = [MARK + json.dumps(self.found)]
        else:
            self.deployed.append(short)
        if failing:
            self.services[name]["UpdateStatus"] = {"State": "rollback_started", "Message": "update rolled back"}
        for one in self.tasks:
            if one["ServiceName"] == name and not failing:
                one["DesiredState"], one["Status"] = "shutdown", {**one["Status"], "State": "shutdown"}
        state = "failed" if failing else "complete" if job else "running"
        for slot in range(1, count + 1):
            node = list(self.nodes.values())[(slot - 1) % len(self.nodes)]
            silent = job and node["Status"]["State"] == "down"
            if job and short.startswith("exec-") and "/run/ecluse/idle.py" in service["command"]:
                state = "running"
            self._start(name, slot, "preparing" if silent else state, container)

    def _change(self, name: str, spec: Mapping[str, Any]) -> None:
        """Give a service another content, which runs."""
        self.services[name] = {"ID": name, "Spec": spec, "Version": {"Index": 1}}
        for one in self.tasks:
            if one["ServiceName"] == name:
                one["DesiredState"], one["Status"] = "shutdown", {**one["Status"], "State": "shutdown"}
        for slot in range(1, int(spec["Mode"]["Replicated"]["Replicas"]) + 1):
            container = spec["TaskTemplate"]["ContainerSpec"]
            release = container["Labels"][RELEASE]  # what it was before is known to run
            failing = release is not None and self.broken(name.rpartition("_")[2], release)
            self._start(name, slot, "failed" if failing else "running", container)

    def _start(self, name: str, slot: int, state: str, container: Mapping[str, Any]) -> None:
        number = next(self._numbers)
        self.tasks.append(
            {
                "ID": f"task{number}",
                "ServiceName": name,
                "ServiceID": name,
                "Slot": slot,
                "NodeID": list(self.nodes)[(slot - 1) % len(self.nodes)],
                "CreatedAt": f"2026-01-01T00:00:{number:09.6f}Z",
                "NetworksAttachments": [{"Addresses": ["10.0.9.9/24"]}],
                "DesiredState": "shutdown" if state == "failed" else "running",
                "Spec": {"ContainerSpec": container},
                "Status": {
                    "State": state,
                    "Err": "task: non-zero exit (1)" if state == "failed" else "",
                    "Timestamp": self.now(),
                    "ContainerStatus": {"ContainerID": f"container{number}"},
                },
            }
        )

    def restart(self, name: str) -> None:
        """End one task of a service and start another in its place."""
        one = next(one for one in self.tasks if one["ServiceName"] == name and one["Status"]["State"] == "running")
        one["DesiredState"], one["Status"]["State"], one["Status"]["Err"] = "shutdown", "failed", "out of memory"
        self._start(name, one["Slot"], "running", one["Spec"]["ContainerSpec"])

    def serving(self, name: str) -> set[str | None]:
        """The releases that a service runs."""
        return {
            one["Spec"]["ContainerSpec"]["Labels"][RELEASE]
            for one in self.tasks
            if one["ServiceName"] == name and one["Status"]["State"] == "running"
        }

    def door(self, name: str) -> Readiness:
        """The answer of the front server, which asks the service *name*."""
        found = self.serving(name)
        return Readiness(200, found.pop()) if len(found) == 1 else Readiness(0, detail="no answer: nobody is there")


class Way:
    """Fits :class:`ecluse.deploy.targets.swarm.connection.Connection`: the way to an orchestrator."""

    def __init__(self, orchestrator: Orchestrator, environ: Mapping[str, str] | None = None) -> None:
        self.api, self.environ, self.name = orchestrator, dict(environ or {}), "the swarm of the test"
        self.terminal: list[tuple[str, ...]] = []
        self.extra: list[Mapping[str, str] | None] = []

    def run(
        self,
        *arguments: str,
        input: str | None = None,
        cwd: Path | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> str:
        match arguments:
            case ("stack", "config", "--compose-file", file):
                # Variables are filled in; what docker writes out in full is written so in the tests' files.
                return re.sub(r"\$\{(\w+)\}", lambda found: (extra or {})[found[1]], Path(file).read_text())
            case ("stack", "deploy", *_, stack):
                self.api.deploy(stack, json.loads((input or "").replace("$$", "$")))
                return ""
        raise TargetError(f"docker {arguments}: nothing says how this ends")

    def attached(self, *arguments: str, extra: Mapping[str, str] | None = None) -> int:
        self.terminal.append(arguments)
        self.extra.append(extra)
        return 5
