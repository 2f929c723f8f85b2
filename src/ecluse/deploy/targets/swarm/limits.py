"""The limits of a swarm that are asked before anything changes: how long names may be, what it pulls from, which ports
of its machines are taken. Pure functions on what the engine's API says.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ecluse.deploy.targets.swarm.stackfile import Content
from ecluse.image.names import RegistryAddress

__all__ = ["long_names", "may_run_on", "pulls_from", "stack_name", "taken_ports"]

# https://github.com/moby/swarmkit/blob/master/manager/controlapi/common.go: a service's name is one of DNS.
SERVICE, OBJECT = 63, 64

# The longest of our own names that follows a stack's: that of a release, its id 12 and 6 digits.
_OWN = len("_release_") + 19
_HASH = len("_") + 12


def stack_name(stack: str) -> str | None:
    """Why a stack cannot be named *stack*; None where it can."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", stack):
        return f"the stack would be named {stack!r}: letters, digits, - and _ are what a swarm takes"
    if (over := len(stack) - (OBJECT - _OWN)) > 0:
        return f"the stack would be named {stack}, which is {over} letters too long: {OBJECT - _OWN} are what fits"
    return None


def long_names(stack: str, content: Content) -> list[str]:
    """A line for each name of the stack file *content* that is too long for a swarm, once *stack* is before it."""
    found = []
    for kind, most in (("services", SERVICE), ("configs", OBJECT - _HASH), ("secrets", OBJECT - _HASH)):
        for name in content.get(kind) or {}:
            if (over := len(f"{stack}_{name}") - most) > 0:
                found.append(f"{kind}.{name}: {over} letters too long, with {stack}_ before it")
    return found


def pulls_from(address: RegistryAddress, info: Mapping[str, Any]) -> bool:
    """Whether the engine that says *info* may pull from *address*: without encryption only where it was told so."""
    if address.encrypted:
        return True
    known = info.get("RegistryConfig") or {}
    indexes = known.get("IndexConfigs") or {}
    if not indexes.get(address.host, {}).get("Secure", True):
        return True
    ranges = [ipaddress.ip_network(one, strict=False) for one in known.get("InsecureRegistryCIDRs") or ()]
    host = re.sub(r":\d+$", "", address.host).strip("[]")
    try:
        return any(ipaddress.ip_address(host) in one for one in ranges)
    except ValueError:
        # The engine looks the name up, and we do not know what it finds: loopback is all that it trusts by itself.
        return host == "localhost" or any(not one.is_loopback for one in ranges)


def may_run_on(service: Content, nodes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The ids of the machines that *service*, of a stack file, may run on: by its labels, and as far as they are up."""
    placement = (service.get("deploy") or {}).get("placement") or {}
    asked = [_asked(one) for one in placement.get("constraints") or ()]
    return [
        identity
        for identity, node in nodes.items()
        if node["Status"]["State"] == "ready"
        and node["Spec"].get("Availability", "active") == "active"
        and all(_has(node, key, value) == equal for key, equal, value in asked if key)
    ]


def taken_ports(
    stack: str,
    name: str,
    service: Content,
    nodes: Mapping[str, Mapping[str, Any]],
    services: Sequence[Mapping[str, Any]],
    tasks: Sequence[Mapping[str, Any]],
) -> str | None:
    """Why the *service* called *name* finds no machine whose ports are free, where others of *services* have them all;
    None where it finds one.
    """
    ports = {int(one["published"]) for one in service.get("ports") or () if one.get("mode") == "host"}
    others = {
        one["ID"]: (one["Spec"]["Name"], port["PublishedPort"])
        for one in services
        for port in (one["Spec"].get("EndpointSpec") or {}).get("Ports") or ()
        if port.get("PublishedPort") in ports and one["Spec"]["Name"] != f"{stack}_{name}"
    }
    holders: dict[str, tuple[str, int]] = {}
    for task in tasks:
        if task["ServiceID"] in others and task["DesiredState"] in ("running", "ready"):
            holders[task.get("NodeID", "")] = others[task["ServiceID"]]
    machines = may_run_on(service, nodes)
    if not machines or not all(machine in holders for machine in machines):
        return None
    holder, port = holders[machines[0]]
    where = ", ".join(sorted(nodes[machine]["Description"]["Hostname"] for machine in machines))
    return f"port {port} of every machine that {name} may run on is taken: {where} has {holder}"


def _asked(constraint: str) -> tuple[str, bool, str]:
    found = re.fullmatch(r"\s*([\w.-]+)\s*(==|!=)\s*(.*?)\s*", constraint)
    return (found[1], found[2] == "==", found[3]) if found else ("", True, "")


def _has(node: Mapping[str, Any], key: str, value: str) -> bool:
    if key.startswith("node.labels."):
        labels: Mapping[str, str] = node["Spec"].get("Labels") or {}
        return labels.get(key.removeprefix("node.labels."), "") == value
    values: dict[str, str] = {
        "node.id": node["ID"],
        "node.hostname": node["Description"]["Hostname"],
        "node.role": node["Spec"].get("Role", ""),
    }
    return values.get(key, value) == value
