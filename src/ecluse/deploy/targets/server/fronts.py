"""The rules for the front server that a pipeline wants on a server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network
from urllib.parse import urlsplit

from ecluse.definition.front_server import Acme, Certificate, FrontServer, TlsProxy

__all__ = ["front_problems"]

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.(?!\d+$){_LABEL}")
_PATH = re.compile(r"/[A-Za-z0-9._/-]+")
_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9.-]+")


def front_problems(front: FrontServer, url: str, ports: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    """The mistakes in *front*, by field, of an environment at *url* whose server opens *ports*."""
    yield from _names(front.names, url)
    yield from _tls(front.tls)
    needed = (80,) if isinstance(front.tls, TlsProxy) else (80, 443)
    if missing := [port for port in needed if port not in ports]:
        yield "tls", f"needs port {' and '.join(map(str, missing))} among the ports of provision"
    if front.upload_megabytes < 1:
        yield "upload_megabytes", f"is {front.upload_megabytes}: 1 or more"
    if front.hsts_seconds < 0:
        yield "hsts_seconds", f"is {front.hsts_seconds}: 0 or more"
    if not (_PATH.fullmatch(front.admin) and front.admin.endswith("/")):
        yield "admin", f"{front.admin!r} is not the path of pages: /admin/"
    yield from _networks("admin_from", front.admin_from)


def _names(names: tuple[str, ...], url: str) -> Iterator[tuple[str, str]]:
    if not names:
        yield "names", "is empty: nginx would answer to nobody"
    for name in dict.fromkeys(names):
        if not _NAME.fullmatch(name):
            yield "names", f"{name!r} is not the name of a host, in small letters: shop.example"
        elif names.count(name) > 1:
            yield "names", f"{name!r} is there {names.count(name)} times"
    address = urlsplit(url)
    if names and address.hostname not in names:
        yield "names", f"has not {address.hostname!r}, the name in the environment's url"
    if address.scheme != "https" or address.netloc.removesuffix(":443") != address.hostname:
        yield "tls", f"serves https on port 443, and the environment's url is {url!r}"


def _tls(tls: Acme | Certificate | TlsProxy) -> Iterator[tuple[str, str]]:
    if isinstance(tls, Acme):
        if tls.email and not _EMAIL.fullmatch(tls.email):
            yield "tls.email", f"{tls.email!r} is not an address of mail"
        if not re.fullmatch(r"https://[A-Za-z0-9._:/-]+", tls.directory):
            yield "tls.directory", f"{tls.directory!r} is not the address of an authority: https://…/directory"
    elif isinstance(tls, Certificate):
        for field, path in (("chain", tls.chain), ("key", tls.key)):
            if not _PATH.fullmatch(path):
                yield f"tls.{field}", f"{path!r} is not the path of a file on the server, from / on"
    else:
        if not tls.addresses:
            yield "tls.addresses", "is empty: nobody would be answered"
        yield from _networks("tls.addresses", tls.addresses)


def _networks(field: str, values: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for value in values:
        try:
            ip_network(value)
        except ValueError as error:
            yield field, f"{value!r} is neither an address nor a network, as 10.0.0.0/8: {error}"
