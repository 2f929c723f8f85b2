"""The address of a service in a project's settings, in the place of every address of its kind that they have.

Copied beside ``sitecustomize.py`` of this folder, which imports it. Nothing but the standard library is imported.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

# The last words of a setting's name that has a part of an address.
PARTS = ("HOST", "HOSTNAME", "PORT", "PASSWORD")

# One name for the schemes of a kind: with TLS, or as Celery writes it.
FAMILIES = {"rediss": "redis", "amqps": "amqp", "pyamqp": "amqp"}

# The usual ports by the scheme of an address; a family has those of each of its schemes.
PORTS = {"redis": 6379, "rediss": 6379, "amqp": 5672, "pyamqp": 5672, "amqps": 5671, "mongodb": 27017}


def led_to(url: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings among *settings*, by name, that have an address of the kind of the service at *url*: as they are
    with its address.
    """
    service = urlsplit(url)
    changed = {}
    for name, before in settings.items():
        word, _, part = name.rpartition("_")
        named = family(service.scheme) == "redis" and word.rpartition("_")[2] == "REDIS" and part in PARTS
        after = as_before(part_of(service, part), before) if named else replaced(before, service)
        if after is not before:
            changed[name] = after
    return changed


def part_of(service: SplitResult, part: str) -> Any:
    """The part of the address of *service* that a setting has whose name ends with *part*."""
    if part == "PORT":
        return port_of(service)
    if part == "PASSWORD":
        return None if service.password is None else unquote(service.password)
    return service.hostname


def as_before(value: Any, before: Any) -> Any:
    """*value* in the type of *before*: a port may be a text."""
    return str(value) if value is not None and isinstance(before, str) else value


def replaced(value: Any, service: SplitResult) -> Any:
    """*value* with the address of *service* for each of its kind; the same object where it has none."""
    if isinstance(value, str):
        return address(value, service)
    if type(value) is dict:
        host, port = spelled(value, "host"), spelled(value, "port")
        changed = {key: replaced(item, service) for key, item in value.items()}
        if host and port and is_usual_port(value[port], service):
            changed[host], changed[port] = service.hostname, as_before(port_of(service), value[port])
        return changed if any(changed[key] is not value[key] for key in value) else value
    if type(value) in (list, tuple):
        if len(value) == 2 and isinstance(value[0], str) and is_usual_port(value[1], service):
            return type(value)((service.hostname, as_before(port_of(service), value[1])))
        items = [replaced(item, service) for item in value]
        return type(value)(items) if any(new is not old for new, old in zip(items, value)) else value
    return value


def address(text: str, service: SplitResult) -> str:
    """*text*, or where it is an address of the kind of *service*, that of *service* with the number of its database."""
    scheme = re.match(r"([a-z][a-z0-9+.-]*)://", text)
    if not scheme or family(scheme[1]) != family(service.scheme):
        return text
    path = urlsplit(text).path
    return service._replace(path=path if path.strip("/").isdigit() else service.path).geturl()


def spelled(value: dict[Any, Any], word: str) -> Any:
    return next((key for key in (word, word.upper()) if key in value), None)


def family(scheme: str) -> str:
    return FAMILIES.get(scheme, scheme)


def port_of(service: SplitResult) -> int | None:
    """The port of *service*: the usual one where its address has none."""
    return service.port or PORTS.get(service.scheme)


def is_usual_port(value: Any, service: SplitResult) -> bool:
    """Whether *value* is a usual port of the kind of *service*, with or without TLS."""
    return any(family(scheme) == family(service.scheme) and str(value) == str(port) for scheme, port in PORTS.items())
