"""Addresses of services: URLs that are shown without their password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ecluse.errors import ServiceError
from ecluse.probes.schemes import SCHEMES
from ecluse.secrets import Secret

__all__ = ["Address", "address_in", "redacted"]

_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")


@dataclass(frozen=True)
class Address:
    """The address of a service. *url* is the whole URL; *path* begins with a slash, or is empty."""

    scheme: str
    host: str
    port: int
    user: str
    password: Secret
    path: str
    url: str = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Address:
        """The address in *url*; from now on its password is masked as a secret. Raises ServiceError if *url* is not an
        address.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
            if "%" not in (parts.hostname or ""):  # else the folder of a socket
                (parts.hostname or "").encode("idna")  # as a connection has to: a name of too many letters is none
        except ValueError as error:
            raise ServiceError(f"this is not an address: {error}", hint="for example tcp://127.0.0.1:5432") from None
        scheme = parts.scheme.lower()
        password = Secret(unquote(parts.password or ""))
        if parts.password:
            Secret(parts.password)  # as it is written in the URL, where characters are escaped
        if not scheme or (not parts.hostname and not scheme.startswith("postgres")):
            raise ServiceError(
                "an address is SCHEME://HOST:PORT, or the name of a variable that holds one",
                where=redacted(url),
                hint="for example tcp://127.0.0.1:5432, or DATABASE_URL",
            )
        if port is None and scheme == "tcp":
            raise ServiceError("the address names no port", where=redacted(url))
        path = parts.path + (f"?{parts.query}" if parts.query and scheme.startswith("http") else "")
        return cls(
            scheme,
            parts.hostname or "",
            port or (SCHEMES[scheme].port if scheme in SCHEMES else 0),
            unquote(parts.username or ""),
            password,
            path,
            url,
        )

    def __str__(self) -> str:
        if not self.host:  # a socket, whose folder is in the query
            return redacted(self.url)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def address_in(text: str, environ: Mapping[str, str]) -> str:
    """The address in *text*, or in the variable that it names, or in the file that ``NAME_FILE`` names (Docker's way).

    Raises ServiceError if the variable or the file does not exist.
    """
    if not _NAME.fullmatch(text):
        return text
    if environ.get(text):
        return environ[text]
    file = environ.get(f"{text}_FILE")
    if not file:
        raise ServiceError(f"{text} is not set, and neither is {text}_FILE", hint="write the address itself, or set it")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ServiceError(f"{file} cannot be read: {error.strerror}", where=f"{text}_FILE") from None
    except UnicodeDecodeError:
        raise ServiceError(f"{file} is not UTF-8", where=f"{text}_FILE") from None


def redacted(url: str) -> str:
    """*url* without its user and password."""
    return re.sub(r"(?<=://)[^/@]*@", "", url)
