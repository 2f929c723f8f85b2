"""The secrets that an environment uses now: what a deployer who gives no value means."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ecluse.deploy.targets.swarm.api import Api
from ecluse.deploy.targets.swarm.ledger import SwarmLedger
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.release import SwarmReleases
from ecluse.deploy.targets.swarm.stackfile import RELEASE

__all__ = ["in_use"]


def in_use(api: Api, objects: Objects, services: Collection[str]) -> dict[str, str]:
    """The engine's name of each secret as *services* use it; as other services of the stack use it, those of the
    release before those with state; and where nothing runs, as the release that served last used it.
    """
    found = _served_last(objects)
    there = api.get("/services", filters={"label": [f"com.docker.stack.namespace={objects.stack}"]})

    def order(spec: Mapping[str, Any]) -> tuple[bool, bool]:
        name = spec["Name"].removeprefix(f"{objects.stack}_")
        return name in services, RELEASE in (spec.get("Labels") or {})

    for spec in sorted((one["Spec"] for one in there), key=order):
        container = (spec.get("TaskTemplate") or {}).get("ContainerSpec") or {}
        for used in container.get("Secrets") or ():
            if (name := objects.called(used["SecretName"])) is not None:
                found[name] = used["SecretName"]
    return found


def _served_last(objects: Objects) -> dict[str, str]:
    last = next((one.serving for one in reversed(SwarmLedger(objects).history()) if one.serving), None)
    release = SwarmReleases(objects).get(last) if last else None
    secrets = release.stack.get("secrets", {}) if release else {}
    return {name: definition["name"] for name, definition in secrets.items()}
