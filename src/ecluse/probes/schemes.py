"""The known schemes of addresses: the probe of each, and its default port."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["SCHEMES", "Scheme"]


class Scheme(NamedTuple):
    """A scheme of addresses. *probe* is a module of :mod:`ecluse.probes`, loaded when an address has this scheme.

    *port* is the protocol's default port, 0 if it has none; *encrypted*: the connection begins with TLS.
    """

    probe: str
    port: int
    encrypted: bool = False


SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        "tcp": Scheme("tcp", 0),
        "http": Scheme("http", 80),
        "https": Scheme("http", 443, encrypted=True),
        "postgres": Scheme("postgres", 5432),
        "postgresql": Scheme("postgres", 5432),
        "redis": Scheme("redis", 6379),
        "rediss": Scheme("redis", 6379, encrypted=True),
        "amqp": Scheme("amqp", 5672),
        "amqps": Scheme("amqp", 5671, encrypted=True),
        "mongodb": Scheme("mongodb", 27017),
    }
)
