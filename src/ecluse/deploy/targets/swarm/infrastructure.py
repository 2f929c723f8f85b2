"""Infrastructure that must exist before a release: databases, brokers, the front server."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ecluse.deploy.targets.swarm import limits, stackfile
from ecluse.deploy.targets.swarm.api import Api
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.resolve import Resolver
from ecluse.deploy.targets.swarm.stack_services import Services
from ecluse.deploy.targets.swarm.tasks import nodes
from ecluse.errors import TargetError

__all__ = ["Infrastructure"]


class Infrastructure:
    """The services of the stack that no rollout replaces. The first one sets them up. *file* is the name of the stack
    file, for errors.
    """

    def __init__(
        self,
        api: Api,
        objects: Objects,
        services: Services,
        resolver: Resolver,
        file: str,
        say: Callable[[str], None],
    ) -> None:
        self._api, self._objects, self._services, self._resolver = api, objects, services, resolver
        self._file, self._say = file, say

    def complete(self, content: stackfile.Content, image: str) -> None:
        """Set up the services of *content*, the whole stack file with the application's *image*, that are missing.
        Services that exist stay as they are.
        """
        there = self._services.existing()
        roles = stackfile.roles(content, image)
        missing = [name for name, role in roles.items() if role in ("state", stackfile.FRONT) and name not in there]
        self._label(content, [*missing, *stackfile.tasks(content, image)])
        if missing:
            self._say(f"setting up {', '.join(missing)}")
            self.put(content, missing)

    def put(self, content: stackfile.Content, names: Sequence[str]) -> None:
        """Set up the services *names* of *content*, or change them to what it says."""
        self._label(content, names)
        self._free(content, names)
        part, objects = self._resolver.settled(stackfile.part(content, names))
        self._objects.make(objects)
        self._services.deploy(part)

    def _free(self, content: stackfile.Content, names: Sequence[str]) -> None:
        """Raise TargetError where other stacks have the ports of the services *names*."""
        for name in names:
            service = content["services"][name]
            asked = (nodes(self._api), self._api.get("/services"), self._api.get("/tasks"))
            if (taken := limits.taken_ports(self._objects.stack, name, service, *asked)) is not None:
                raise TargetError(taken, where=self._file, hint="publish another port, or label another machine for it")

    def _label(self, content: stackfile.Content, names: Sequence[str]) -> None:
        """Make sure that each of the services *names* has a node that it may run on. An only node gets the labels that
        are missing.
        """
        known = nodes(self._api)
        for name in names:
            service = content["services"][name]
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
