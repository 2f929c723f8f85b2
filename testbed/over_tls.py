"""Questions to a site over TLS, by its name, at an address that no name server has to know."""

from __future__ import annotations

import http.client
import socket
import ssl
import warnings
from collections.abc import Mapping

__all__ = ["NamedConnection", "ask", "trusting"]


class NamedConnection(http.client.HTTPSConnection):
    """A connection to the site *name*, whose server is at *address*."""

    def __init__(self, name: str, address: str, trusted: ssl.SSLContext) -> None:
        super().__init__(name, 443, timeout=40)
        self._address, self._trusted = address, trusted

    def connect(self) -> None:
        plain = socket.create_connection((self._address, 443), timeout=40)
        self.sock = self._trusted.wrap_socket(plain, server_hostname=self.host)


def trusting(certificate: str, *, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    """The context of a client that trusts *certificate* (PEM), and speaks no version after *newest*."""
    context = ssl.create_default_context(cadata=certificate)
    if newest < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")  # the usual level has no cipher for it
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = newest
            context.maximum_version = newest
    return context


def ask(connection: http.client.HTTPConnection, path: str = "/", **headers: str) -> tuple[int, Mapping[str, str], str]:
    """The status, the headers (their names in small letters) and the text of the answer."""
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()
