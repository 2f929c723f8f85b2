"""The probe of any TCP service: something listens on the port."""

from __future__ import annotations

from ecluse.probes.address import Address
from ecluse.probes.sockets import open_connection

__all__ = ["ask"]


def ask(address: Address, timeout: float) -> None:
    """Connect to *address*."""
    with open_connection(address, timeout):
        pass
