"""The address that an environment gives to its visitors: what may be one, and whether it is this machine alone."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

__all__ = ["is_ip", "is_local", "problem"]

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?")


def problem(url: str) -> str | None:
    """Why *url* is not the address of a site; None where it is: http or https, a name or an IP address, a port."""
    try:
        public = urlsplit(url)
        host = public.hostname
        public.port  # noqa: B018 - raises where it is none
    except ValueError as error:
        return f"{url!r} is no address: {error}"
    if public.scheme not in ("http", "https") or not host:
        return f"{url!r} is no address of a site: http://127.0.0.1:8000, https://shop.example"
    if "@" in public.netloc:
        return "has an account or a password in it, which visitors would see: leave them out"
    if not host.isascii():
        return f"has {host!r}, which no request can ask for as it stands: write it as {_ascii(host)!r}"
    if not (_NAME.fullmatch(host) or is_ip(host)):
        return f"has {host!r}, which is neither the name of a host nor an IP address"
    return None


def is_local(host: str | None) -> bool:
    """Whether *host* is this machine alone: a loopback address, ``localhost``, or a name below it.

    https://www.rfc-editor.org/rfc/rfc6761#section-6.3
    """
    name = (host or "").rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return is_ip(name) and ip_address(name).is_loopback


def is_ip(host: str) -> bool:
    """Whether *host* is an IP address and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return "xn--…"
