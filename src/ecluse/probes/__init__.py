"""Whether a service is ready, asked in its own protocol: an open port, or "ready" in a log, is not ready.

A probe is a module that fits :class:`Probe`, named by the schemes of its addresses in :data:`PROBES`. They speak just
enough of each protocol with the standard library alone, because ``ecluse wait`` runs in the image before every
container's command: no client library is loaded for one question. (PostgreSQL's authentication is left to its driver.)
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, cast

from ecluse.errors import ServiceError
from ecluse.probes.address import Address

__all__ = ["PROBES", "Address", "NotReady", "Probe", "wait"]

# scheme → module. A module is loaded when an address names its scheme.
PROBES: Mapping[str, str] = MappingProxyType(
    {
        "tcp": "tcp",
        "http": "http",
        "https": "http",
        "postgres": "postgres",
        "postgresql": "postgres",
        "redis": "redis",
        "rediss": "redis",
        "amqp": "amqp",
        "amqps": "amqp",
        "mongodb": "mongodb",
    }
)

# Seconds between two rounds of asking: short at first, when all is on one machine and there in an instant.
_INTERVAL = 0.02
_SLOWEST_INTERVAL = 0.5

# Seconds that one question may take. A server that accepts a connection and says nothing is not waited for alone.
_PATIENCE = 3.0


class NotReady(Exception):
    """The service answers, but not as one that is ready. The message says how."""


class Probe(Protocol):
    """What a probe's module has."""

    def ask(self, address: Address, timeout: float) -> None:
        """Return when the service at *address* is ready, within about *timeout* seconds.

        Raises NotReady or OSError, with words that a person understands, when it is not.
        """


def wait(addresses: Sequence[str], *, timeout: float, on_ready: Callable[[Address, float], None] | None = None) -> None:
    """Ask all of *addresses* in turn until each has answered once.

    *on_ready* is called for each with the seconds it took. Raises ServiceError for an address that is none, at once;
    and after *timeout* seconds with the last answer of each service that is not ready.
    """
    pending = [(address, _probe(address)) for address in map(Address.parse, addresses)]
    began = time.monotonic()
    interval = _INTERVAL
    while pending:
        answers: dict[Address, str] = {}
        for address, probe in pending:
            left = timeout - (time.monotonic() - began)
            try:
                probe.ask(address, max(0.1, min(_PATIENCE, left)))
            except (NotReady, OSError) as error:
                answers[address] = str(error).strip() or type(error).__name__
                continue
            if on_ready is not None:
                on_ready(address, time.monotonic() - began)
        pending = [(address, probe) for address, probe in pending if address in answers]
        if pending and time.monotonic() - began + interval > timeout:
            raise ServiceError(
                "\n  ".join(["not ready:", *(f"{address}: {answer}" for address, answer in answers.items())]),
                hint=f"waited {timeout:g} s; does it run, is the address right, may this machine reach it?",
            )
        if pending:
            time.sleep(interval)
            interval = min(interval * 1.5, _SLOWEST_INTERVAL)


def _probe(address: Address) -> Probe:
    if address.scheme not in PROBES:
        raise ServiceError(
            f"how to ask {address.scheme} whether it is ready is not known",
            where=str(address),
            hint=f"known schemes: {', '.join(PROBES)}",
        )
    return cast(Probe, importlib.import_module(f"ecluse.probes.{PROBES[address.scheme]}"))
