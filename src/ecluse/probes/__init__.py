"""Whether a service is ready, asked in its own protocol: an open port, or "ready" in a log, is not ready.

A probe is a module that fits :class:`Probe`, named by the schemes of its addresses in
:data:`ecluse.probes.schemes.SCHEMES`. They speak just
enough of each protocol with the standard library alone, because ``ecluse wait`` runs in the image before every
container's command: no client library is loaded for one question. (PostgreSQL's authentication is left to its driver.)
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

from ecluse.errors import ServiceError
from ecluse.probes.address import Address
from ecluse.probes.schemes import SCHEMES

__all__ = ["Address", "NotReady", "Probe", "wait"]

# Seconds between two rounds of asking: short at first, when all is on one machine. An embedded server takes 30 ms.
_INTERVAL = 0.004
_SLOWEST_INTERVAL = 0.2

# Seconds that one question may take. A server that accepts a connection and says nothing is not waited for alone.
_PATIENCE = 3.0


class NotReady(Exception):
    """The service answers, but is not ready. The message says why."""


class Probe(Protocol):
    """The interface of a probe's module."""

    def ask(self, address: Address, timeout: float) -> None:
        """Return when the service at *address* is ready, within about *timeout* seconds.

        Raises NotReady or OSError, with words that a person understands, when it is not.
        """


def wait(
    addresses: Sequence[str],
    *,
    timeout: float,
    what: str = "",
    probe: str | None = None,
    on_ready: Callable[[Address, float], None] | None = None,
    ended: Callable[[], str | None] | None = None,
) -> None:
    """Ask all of *addresses* in turn until each has answered once.

    *what* names the service in an error; *probe* is the module to use whatever the scheme of an address. *on_ready* is
    called for each address with the seconds it took. *ended* is called between two rounds and returns why waiting is
    useless (the server has ended), or None.

    Raises ServiceError at once for an invalid address or if *ended* returns a reason, and after *timeout* seconds with
    the last answer of each service that is not ready.
    """
    pending = [(address, _probe(address, probe)) for address in map(Address.parse, addresses)]
    began = time.monotonic()
    interval = _INTERVAL
    while True:
        answers: dict[Address, str] = {}
        for address, asked in pending:
            left = timeout - (time.monotonic() - began)
            try:
                asked.ask(address, max(0.1, min(_PATIENCE, left)))
            except (NotReady, OSError) as error:
                answers[address] = str(error).strip() or type(error).__name__
                continue
            if on_ready is not None:
                on_ready(address, time.monotonic() - began)
        pending = [(address, asked) for address, asked in pending if address in answers]
        if not pending:
            return
        over = ended() if ended is not None else None
        if over or time.monotonic() - began + interval > timeout:
            raise _not_ready(what, answers, over, timeout)
        time.sleep(interval)
        interval = min(interval * 1.2, _SLOWEST_INTERVAL)


def _not_ready(what: str, answers: Mapping[Address, str], over: str | None, timeout: float) -> ServiceError:
    hint = None if over else f"waited {timeout:g} s; does it run, is the address right, may this machine reach it?"
    if what:
        told = over or "; ".join(answers.values())
        return ServiceError(f"{what} did not get ready: {told}", where=", ".join(map(str, answers)), hint=hint)
    listed = (f"{address}: {over or answer}" for address, answer in answers.items())
    return ServiceError("\n  ".join(["not ready:", *listed]), hint=hint)


def _probe(address: Address, named: str | None) -> Probe:
    if named is None and address.scheme not in SCHEMES:
        raise ServiceError(
            f"how to ask {address.scheme} whether it is ready is not known",
            where=str(address),
            hint=f"known schemes: {', '.join(SCHEMES)}",
        )
    return cast(Probe, importlib.import_module(f"ecluse.probes.{named or SCHEMES[address.scheme].probe}"))
