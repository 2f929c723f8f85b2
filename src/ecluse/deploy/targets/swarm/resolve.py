"""Makes a release out of a commit or a digest: images of the registry, in the stack file of this checkout."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ecluse.definition.model import Environment, Event, ImageSpec
from ecluse.deploy.targets.swarm import limits, stackfile
from ecluse.deploy.targets.swarm.connection import Connection
from ecluse.deploy.targets.swarm.inuse import in_use
from ecluse.deploy.targets.swarm.objects import Objects, Store
from ecluse.deploy.targets.swarm.release import SwarmRelease
from ecluse.deploy.targets.swarm.secret_values import CONFIG_BYTES, FOLDER, Given, content_of
from ecluse.errors import DefinitionError, ReleaseError, TargetError
from ecluse.image import publish
from ecluse.image.names import tag_of
from ecluse.image.registry import Registry

__all__ = ["Resolver"]

_NOWHERE = "/nonexistent/ecluse/secrets"


class Resolver:
    """Makes releases of *environment* out of the images in *spec* and the stack file in *top*."""

    def __init__(
        self,
        connection: Connection,
        objects: Objects,
        environment: Environment,
        spec: ImageSpec,
        top: Path,
        environ: Mapping[str, str],
        registry: Callable[[], Registry],
    ) -> None:
        self._connection, self._objects, self._environment = connection, objects, environment
        self._spec, self._top, self._registry = spec, top, registry
        self._given = Given(environment, environ, top)

    def of_commit(self, commit: str) -> SwarmRelease:
        """The release of the images that the registry has for *commit*. Raises ImageError where it has none."""
        tag = tag_of(Event(kind="push", branch=self._spec.branch), commit)
        registry = self._reachable_registry()
        found = publish.digests(registry, list(self._spec.published.values()), tag)
        images = [f"{registry.address.repository(name)}@{manifest.digest}" for name, manifest in found.items()]
        return self.of_image(images[-1], images[0] if len(images) > 1 else None, commit)

    def of_digest(self, text: str) -> SwarmRelease:
        """The release of the application's image *text*: ``sha256:…`` or ``REPOSITORY@sha256:…``. Raises ReleaseError
        for a tag.
        """
        registry = self._reachable_registry()
        name = list(self._spec.published.values())[-1]
        repository, at, digest = text.rpartition("@")
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
            tag = text.rpartition(":")[2]
            found = registry.manifest(name, tag) if re.fullmatch(r"[\w][\w.-]{0,127}", tag) else None
            raise ReleaseError(
                f"{text} is neither a kept release nor a digest; a tag may name another image tomorrow",
                hint=(
                    f"--release {found.digest} is what it names now"
                    if found
                    else "--release sha256:…, an id that ./ecluse history shows, or a whole commit"
                ),
            )
        ours = registry.address.repository(name)
        if at and repository != ours:
            raise ReleaseError(f"{repository} is not this environment's repository", hint=f"{ours}@{digest}")
        if registry.manifest(name, digest) is None:
            raise ReleaseError(f"the registry has no {ours}@{digest}")
        return self.of_image(f"{ours}@{digest}", None, None)

    def of_image(self, image: str, front: str | None, commit: str | None) -> SwarmRelease:
        """The release of *image* with the stack file as it is now. Nothing is changed in the swarm.

        Raises TargetError where a swarm would not take the file, or a secret has no value.
        """
        content = self.render(image, front)
        names = stackfile.tasks(content, image)
        if stackfile.WEB not in stackfile.roles(content, image).values():
            raise TargetError(
                "no service of the release is web", where=self._environment.stack, hint="name one web, or label it"
            )
        once = [name for name, role in stackfile.roles(content, image).items() if role in ("migrate", "static")]
        part = stackfile.part(content, [*names, *once])
        part, objects = self.settled(part)
        release_id = stackfile.identity(part, image)
        return SwarmRelease(
            id=release_id,
            image=image,
            front=front,
            commit=commit,
            tasks=tuple(names),
            stack=stackfile.release_of(part, release_id, names),
            content=content,
            objects=objects,
        )

    def render(self, image: str, front: str | None) -> dict[str, Any]:
        """The stack file, with the values of its variables."""
        file = self._top / self._environment.stack
        try:
            raw = _read(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise DefinitionError(
                f"the stack file cannot be read: {error.strerror}", where=self._environment.stack
            ) from None
        if found := stackfile.problems(raw):
            raise TargetError(
                "\n".join(
                    ["a swarm would not do everything that this file asks for:", *(f"  {line}" for line in found)]
                ),
                where=self._environment.stack,
            )
        rendered = self._connection.run(
            *("stack", "config", "--compose-file", str(file)), cwd=self._top, extra=self._variables(image, front)
        )
        content = _read(rendered)
        self._count(content)
        if found := limits.long_names(self._objects.stack, content):
            raise DefinitionError("\n".join(["a swarm takes no such names:", *found]), where=self._environment.stack)
        self._given.check(content.get("secrets") or {})
        return content

    def _count(self, content: dict[str, Any]) -> None:
        """Give the services as many tasks as the environment says."""
        for name, count in self._environment.replicas.items():
            deploy = content["services"].get(name, {}).get("deploy") or {}
            if name not in content["services"] or "global" in str(deploy.get("mode", "")):
                known = ", ".join(sorted(content["services"]))
                raise DefinitionError(
                    f"replicas names {name}, which is no service with a number of tasks",
                    where=f"environment {self._environment.name!r}",
                    hint=f"the stack file has: {known}",
                )
            content["services"][name] = {**content["services"][name], "deploy": {**deploy, "replicas": count}}

    def _reachable_registry(self) -> Registry:
        registry = self._registry()
        if not limits.pulls_from(registry.address, self._connection.api.get("/info")):
            host = registry.address.host
            raise TargetError(
                f"the engine does not pull from {registry.address.url}, which has no encryption",
                where=self._connection.name,
                hint=f'give the registry a certificate; or "insecure-registries": ["{host}"] in each daemon.json',
            )
        return registry

    def _variables(self, image: str, front: str | None) -> dict[str, str]:
        """The variables that the stack file may refer to: the environment's own, and ecluse's."""
        return {
            **self._environment.env,
            "ECLUSE_IMAGE": image,
            "ECLUSE_FRONT_IMAGE": front or image,
            "ECLUSE_RELEASE": stackfile.ID,
            "ECLUSE_STACK": self._objects.stack,
            FOLDER: self._given.folder or _NOWHERE,
            "DJANGO_SETTINGS_MODULE": self._environment.settings,
        }

    def settled(self, part: dict[str, Any]) -> tuple[dict[str, Any], dict[tuple[Store, str], bytes]]:
        """*part* with each file and secret under the name that the engine has or will have it under; and the files and
        secrets that the engine may lack. A secret for which no value is given stays the one that is in use.
        """
        names: dict[str, dict[str, str]] = {"configs": {}, "secrets": {}}
        objects: dict[tuple[Store, str], bytes] = {}
        missing = []
        for name, definition in part.get("configs", {}).items():
            data = content_of(Path(definition["file"]), CONFIG_BYTES)
            objects["configs", name] = data
            names["configs"][name] = self._objects.address(name, data)
        used = in_use(self._connection.api, self._objects, part["services"])
        for name, definition in part.get("secrets", {}).items():
            value = self._given.value(name, definition.get("file"))
            address = self._objects.address(name, value) if value else used.get(name) or self._objects.newest(name)
            if value:
                objects["secrets", name] = value
            if address is None:
                missing.append(name)
            else:
                names["secrets"][name] = address
        if missing:
            raise TargetError(
                f"the swarm has no value of these secrets, and none is given: {', '.join(missing)}",
                where=self._environment.name,
                hint="give them once: ECLUSE_SECRETS=FOLDER, a folder that has a file with the name of each",
            )
        return stackfile.named(part, names), objects


def _read(text: str) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found = YAML(typ="safe", pure=True).load(StringIO(text))
    except YAMLError as error:
        raise DefinitionError(f"this is no YAML: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("services"), dict):
        raise DefinitionError("a stack file has services")
    return found
