"""The limits of a swarm: names, registries and ports that are refused before anything changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ecluse.deploy.targets.swarm import limits
from ecluse.image.names import RegistryAddress


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ("website-" + "e" * 28, None),
        ("website-" + "e" * 35, "which is 7 letters too long: 36 are what fits"),
        ("my shop-staging", "letters, digits, - and _"),
    ],
)
def test_stack_name_is_limited_by_the_names_made_of_it(stack: str, said: str | None) -> None:
    found = limits.stack_name(stack)
    assert found is None if said is None else said in str(found)


def test_names_of_a_stack_file_are_measured_with_the_stack() -> None:
    stack = "website-production-of-the-south"
    content = {"services": {"web": {}, "w" * 32: {}}, "secrets": {"key": {}, "s" * 20: {}}, "configs": {}}
    assert limits.long_names(stack, content) == [
        f"services.{'w' * 32}: 1 letters too long, with {stack}_ before it",
        f"secrets.{'s' * 20}: 1 letters too long, with {stack}_ before it",
    ]


@pytest.mark.parametrize(
    ("host", "encrypted", "ranges", "pulls"),
    [
        ("registry.example", True, ["127.0.0.0/8"], True),
        ("registry.example", False, ["127.0.0.0/8"], False),
        ("localhost:5000", False, ["127.0.0.0/8"], True),
        ("127.0.0.1:5000", False, ["127.0.0.0/8"], True),
        ("10.1.2.3:5000", False, ["127.0.0.0/8"], False),
        ("10.1.2.3:5000", False, ["10.0.0.0/8"], True),
        ("registry.example", False, ["10.0.0.0/8"], True),
        ("told.example:5000", False, [], True),
    ],
)
def test_engine_pulls_without_encryption_only_as_told(
    host: str, encrypted: bool, ranges: list[str], pulls: bool
) -> None:
    known = {"InsecureRegistryCIDRs": ranges, "IndexConfigs": {"told.example:5000": {"Secure": False}}}
    assert limits.pulls_from(RegistryAddress(host, encrypted=encrypted), {"RegistryConfig": known}) is pulls


def node(name: str, state: str = "ready", **labels: str) -> dict[str, Any]:
    return {
        "ID": name,
        "Description": {"Hostname": name},
        "Spec": {"Labels": labels, "Role": "worker", "Availability": "active"},
        "Status": {"State": state},
    }


def placed(*constraints: str) -> Mapping[str, Any]:
    ports = [{"published": 80, "mode": "host"}]
    return {"ports": ports, "deploy": {"placement": {"constraints": list(constraints)}}}


NODES = {"n1": node("n1", front="true"), "n2": node("n2"), "n3": node("n3", state="down", front="true")}


@pytest.mark.parametrize(
    ("constraints", "machines"),
    [
        ((), ["n1", "n2"]),
        (("node.labels.front == true",), ["n1"]),
        (("node.labels.front != true",), ["n2"]),
        (("node.hostname==n2",), ["n2"]),
        (("node.role == manager",), []),
        (("node.platform.os == linux",), ["n1", "n2"]),
    ],
)
def test_service_may_run_where_its_constraints_hold(constraints: tuple[str, ...], machines: list[str]) -> None:
    assert limits.may_run_on(placed(*constraints), NODES) == machines


def other(port: int) -> dict[str, Any]:
    return {"ID": "s", "Spec": {"Name": "blog-live_front", "EndpointSpec": {"Ports": [{"PublishedPort": port}]}}}


def test_port_of_another_stack_is_taken_only_where_it_runs() -> None:
    tasks = [{"ServiceID": "s", "DesiredState": "running", "NodeID": "n1"}]
    front = placed("node.labels.front == true")
    said = limits.taken_ports("shop-live", "front", front, NODES, [other(80)], tasks)
    assert said == "port 80 of every machine that front may run on is taken: n1 has blog-live_front"
    assert limits.taken_ports("shop-live", "front", placed(), NODES, [other(80)], tasks) is None, "n2 is free"
    assert limits.taken_ports("shop-live", "front", front, NODES, [other(81)], tasks) is None
    assert limits.taken_ports("blog-live", "front", front, NODES, [other(80)], tasks) is None, "its own"
