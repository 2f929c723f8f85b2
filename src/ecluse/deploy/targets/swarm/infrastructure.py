"""What is no release and must be there before one: databases, brokers, the front server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ecluse.deploy.targets.swarm import stackfile
from ecluse.deploy.targets.swarm.api import Api
from ecluse.deploy.targets.swarm.build import Builder, Draft
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.services import Services
from ecluse.deploy.targets.swarm.tasks import nodes
from ecluse.errors import DefinitionError, TargetError

__all__ = ["Furniture"]


class Furniture:
    """Set up by the first rollout, and left alone by all others. *file* is the stack file's name, for errors."""

    def __init__(
        self,
        api: Api,
        objects: Objects,
        services: Services,
        builder: Builder,
        file: str,
        say: Callable[[str], None],
    ) -> None:
        self._api, self._objects, self._services, self._builder = api, objects, services, builder
        self._file, self._say = file, say

    def complete(self, draft: Draft) -> None:
        """Set up what is missing. What is there stays as it is."""
        self._label(draft.content)
        there = self._services.existing()
        names = [name for name, role in self._roles(draft).items() if role in ("state", stackfile.FRONT)]
        missing = [name for name in names if name not in there]
        if missing:
            self._say(f"setting up {', '.join(missing)}")
            self._put(draft, missing)

    def front(self, draft: Draft) -> None:
        """Set the front server up, or change it to what the file says now."""
        self._label(draft.content)
        names = [name for name, role in self._roles(draft).items() if role == stackfile.FRONT]
        if not names:
            raise DefinitionError("the stack file has no service front", where=self._file)
        self._put(draft, names)
        for name in names:
            self._services.up(name)

    def _put(self, draft: Draft, names: Sequence[str]) -> None:
        part, objects = self._builder.settled(stackfile.part(draft.content, names))
        self._objects.make(objects)
        self._services.deploy(part)

    def _roles(self, draft: Draft) -> dict[str, str]:
        return stackfile.roles(draft.content, draft.release.image)

    def _label(self, content: Mapping[str, Any]) -> None:
        """See to it that each service has a node that it may run on. Where there is one node there is no choice."""
        known = nodes(self._api)
        for name, service in content["services"].items():
            for constraint in ((service.get("deploy") or {}).get("placement") or {}).get("constraints") or ():
                label, _, value = constraint.removeprefix("node.labels.").partition("==")
                label, value = label.strip(), value.strip()
                if not constraint.startswith("node.labels.") or any(
                    (one["Spec"].get("Labels") or {}).get(label) == value for one in known.values()
                ):
                    continue
                if len(known) > 1:
                    raise TargetError(
                        f"no node has the label that {name} asks for: {label}={value}",
                        where=self._file,
                        hint=f"choose one: docker node update --label-add {label}={value} NODE",
                    )
                (one,) = known.values()
                self._say(f"labelling the only node {label}={value}")
                spec = {**one["Spec"], "Labels": {**(one["Spec"].get("Labels") or {}), label: value}}
                self._api.post(f"/nodes/{one['ID']}/update", spec, version=one["Version"]["Index"])
                known = nodes(self._api)
