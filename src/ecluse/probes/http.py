"""The probe of an HTTP server: it answers without an error."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException, HTTPSConnection

from ecluse.probes import NotReady
from ecluse.probes.address import Address

__all__ = ["ask"]


def ask(address: Address, timeout: float) -> None:
    """GET the path of *address*. Any status below 400 is ready."""
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = kind(address.host, address.port, timeout=timeout)
    try:
        connection.request("GET", address.path or "/", headers={"User-Agent": "ecluse-wait"})
        status = connection.getresponse().status
    except HTTPException as error:
        raise NotReady(f"no HTTP: {error!r}") from None
    finally:
        connection.close()
    if status >= 400:
        raise NotReady(f"HTTP status {status}")
