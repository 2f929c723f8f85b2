"""The stack file of ``docker stack deploy``: which parts a swarm would refuse or ignore, and the services by role. Pure
functions on the content that a YAML reader returns.

The role of a service follows from its image and its name. Services with the release's own image are its tasks, among
them ``web``. ``migrate`` and ``static`` describe one-off jobs, ``front`` is the front server, and every other service
keeps state. A service with another name has the label ``ecluse.role``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from ecluse.errors import TargetError

__all__ = [
    "ID",
    "Content",
    "at_once",
    "canary",
    "count_of",
    "counted",
    "digest_of",
    "escaped",
    "identity",
    "job",
    "named",
    "part",
    "problems",
    "release_of",
    "roles",
    "static_folders",
    "tasks",
]

Content: TypeAlias = Mapping[str, Any]

ID = "ecluse-release-id"
"""A placeholder for the release's id, in a file that is rendered before the id is known."""

FRONT, WEB, MIGRATE, STATIC = "front", "web", "migrate", "static"
ROLE = "ecluse.role"
RELEASE = "ecluse.release"
SOURCE = "ecluse.static"
"""The label with the folder of the image that has the collected static files."""

# Fields that docker stack deploy refuses, or ignores with a warning at most; and what to write instead.
# https://docs.docker.com/reference/compose-file/legacy-versions/
_UNSUPPORTED = {
    "build": "a swarm builds nothing: name an image",
    "cgroup_parent": "",
    "container_name": "a swarm names its tasks itself, and runs several",
    "devices": "",
    "expose": "it means nothing here",
    "external_links": "",
    "extends": "write it out, or use a YAML anchor",
    "links": "services find each other by name",
    "network_mode": "name networks",
    "privileged": "",
    "profiles": "",
    "restart": "deploy.restart_policy",
    "security_opt": "",
    "shm_size": "a volume of type tmpfs at /dev/shm",
    "tmpfs": "a volume of type tmpfs",
    "userns_mode": "",
}
_USED = ("networks", "volumes", "configs", "secrets")


def problems(raw: Content) -> list[str]:
    """Why a swarm would refuse the file *raw*, or ignore a part of it: a line for each reason."""
    found = []
    for name, service in (raw.get("services") or {}).items():
        for field, instead in _UNSUPPORTED.items():
            if field in service and not (field == "build" and "image" in service and not service["build"]):
                found.append(f"services.{name}.{field}: a swarm ignores it" + (f"; {instead}" if instead else ""))
        if "depends_on" in service:
            refused = "refuses its conditions" if isinstance(service["depends_on"], Mapping) else "ignores it"
            found.append(f"services.{name}.depends_on: a swarm {refused}; what waits, waits itself: ecluse wait")
        for number, port in enumerate(service.get("ports") or ()):
            host = isinstance(port, Mapping) and port.get("mode") == "host"
            order = ((service.get("deploy") or {}).get("update_config") or {}).get("order")
            if host and order == "start-first":
                found.append(f"services.{name}.ports.{number}: a port of the host is taken: it cannot start first")
    return found


def roles(content: Content, image: str) -> dict[str, str]:
    """The role of every service: ``task``, ``web``, ``migrate``, ``static``, ``front``, ``once`` or ``state``."""
    return {name: _role(name, service, image) for name, service in content["services"].items()}


def _role(name: str, service: Content, image: str) -> str:
    deploy = service.get("deploy") or {}
    said = str((deploy.get("labels") or {}).get(ROLE, name))
    if said in (FRONT, MIGRATE, STATIC):
        return said
    if service.get("image") != image:
        return "state"
    if deploy.get("replicas") == 0:
        return "once"
    return WEB if said == WEB else "task"


def tasks(content: Content, image: str) -> list[str]:
    """The services of the release, in the order to replace them: workers before web, which may ask them for work that
    only they know; services that must never run twice last.
    """

    def order(name: str) -> tuple[bool, bool]:
        update = (content["services"][name].get("deploy") or {}).get("update_config") or {}
        return update.get("order") != "start-first", found[name] == WEB

    found = roles(content, image)
    return sorted((name for name, role in found.items() if role in ("task", WEB)), key=order)


def part(content: Content, names: Collection[str]) -> dict[str, Any]:
    """The file with the services *names* alone, and the networks, volumes, configs and secrets that they use."""
    services = {name: content["services"][name] for name in names}
    made: dict[str, Any] = {"version": content.get("version", "3.12"), "services": services}
    for kind in _USED:
        used = {source for service in services.values() for source in _sources(service, kind)}
        defined = content.get(kind) or {}
        if kept := {name: defined[name] for name in sorted(used) if name in defined}:
            made[kind] = kept
    return made


def _sources(service: Content, kind: str) -> Collection[str]:
    used = service.get(kind) or ()
    if kind == "networks":
        return list(used) or ["default"]
    if kind == "volumes":
        return [one["source"] for one in used if one.get("type") == "volume" and one.get("source")]
    return [one["source"] for one in used]


def static_folders(content: Content, service: str) -> tuple[str, str]:
    """The folder with the static files in the image of *service*, which copies them, and the folder of its volume.

    Raises TargetError where the service has no volume.
    """
    found = content["services"][service]
    volumes = [one["target"] for one in found.get("volumes") or () if one.get("type") == "volume"]
    if not volumes:
        raise TargetError(f"the service {service} has no volume to copy static files to")
    labels = (found.get("deploy") or {}).get("labels") or {}
    return str(labels.get(SOURCE, "/app/staticfiles")), volumes[0]


def named(content: Content, names: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The file with its configs and secrets as *names* calls them (kind → name → the name that the engine has)."""
    return {**content} | {
        kind: {name: {"external": True, "name": names[kind][name]} for name in content[kind]}
        for kind in ("configs", "secrets")
        if kind in content
    }


def identity(content: Content, image: str) -> str:
    """The id of a release, made of its image and its configuration: equal ones have the same id in every swarm."""
    configuration = json.dumps(content, sort_keys=True).replace(image, "")
    return f"{digest_of(image)[:12]}-{hashlib.sha256(configuration.encode()).hexdigest()[:6]}"


def digest_of(image: str) -> str:
    """The hexadecimal digits of *image*'s digest. Raises TargetError for a tag, which may be another image tomorrow."""
    _name, found, digest = image.partition("@sha256:")
    if not found or len(digest) != 64:
        raise TargetError("this names no image by its digest", where=image, hint="REPOSITORY@sha256:…")
    return digest


def release_of(content: Content, release: str, names: Collection[str]) -> Any:
    """The file with the id *release* filled in. Its services *names*, and their containers, have it as a label."""
    made = _replaced(content, ID, release)
    for name in names:
        service = made["services"][name]
        service["labels"] = {**(service.get("labels") or {}), RELEASE: release}
        service["deploy"]["labels"] = {**(service["deploy"].get("labels") or {}), RELEASE: release}
    return made


def job(
    content: Content,
    template: str,
    *,
    name: str,
    command: Sequence[str],
    everywhere: bool = False,
    configs: Mapping[str, str] | None = None,
    volumes: bool = True,
) -> dict[str, Any]:
    """A file with one service, made like *template*, that runs *command* once; with *everywhere*, once on every node.

    *configs* are files for it: path → the name that the engine has the config under.
    """
    service = {**content["services"][template], "command": list(command)}
    mounted = [{"source": f"file{number}", "target": path} for number, path in enumerate(configs or ())]
    service["configs"] = [*(service.get("configs") or ()), *mounted]
    service["deploy"] = {
        **{key: value for key, value in (service.get("deploy") or {}).items() if key in ("resources", "labels")},
        "mode": "global-job" if everywhere else "replicated-job",
        "restart_policy": {"condition": "none"},
    }
    service["healthcheck"] = {"disable": True}
    if not volumes:
        service.pop("volumes", None)
    files = {f"file{number}": {"external": True, "name": real} for number, real in enumerate((configs or {}).values())}
    whole = {**content, "services": {name: service}, "configs": {**(content.get("configs") or {}), **files}}
    return part(whole, [name])


def at_once(content: Content, name: str, *, stop_first: bool) -> dict[str, Any]:
    """The file with an update of the service *name* that replaces all tasks which are another release's at once; with
    *stop_first*, those end before others start.
    """
    service = content["services"][name]
    deploy = service.get("deploy") or {}
    order = {"order": "stop-first" if stop_first else "start-first", "parallelism": 0}
    update = {**(deploy.get("update_config") or {}), **order}
    changed = {**service, "deploy": {**deploy, "update_config": update}}
    return {**content, "services": {**content["services"], name: changed}}


def canary(content: Content, web: str, name: str) -> dict[str, Any]:
    """A file with the service *name* alone: one task made like those of *web*, on no port of a machine."""
    service = {key: value for key, value in content["services"][web].items() if key != "ports"}
    service["deploy"] = {**(service.get("deploy") or {}), "replicas": 1}
    return part({**content, "services": {name: service}}, [name])


def count_of(service: Content) -> int:
    """The number of tasks that the file gives *service*."""
    return int((service.get("deploy") or {}).get("replicas", 1))


def counted(content: Content, counts: Mapping[str, int]) -> dict[str, Any]:
    """The file with *counts*: as many tasks of each service that it names."""
    services = dict(content["services"])
    for name in counts.keys() & services.keys():
        services[name] = {
            **services[name],
            "deploy": {**(services[name].get("deploy") or {}), "replicas": counts[name]},
        }
    return {**content, "services": services}


def escaped(value: Any) -> Any:
    """*value* with each dollar sign doubled: ``docker stack deploy`` takes a single one for a variable."""
    return _replaced(value, "$", "$$")


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, Mapping):
        return {key: _replaced(one, old, new) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replaced(one, old, new) for one in value]
    return value
