"""The target ``server``: one machine, Supervisor and gunicorn; no Docker, and no root needed.

Supervisor owns the listening socket and hands it to every process of the site. Two serve; the next release's two are
started beside them in slots of their own, each gated on a private socket before it accepts anything from the public
one; then the old ones stop accepting, finish what they have, and end. The socket is never closed, so nobody is ever
refused.
"""

from __future__ import annotations

import os
import re
import socket
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ecluse.definition import site_address
from ecluse.definition.model import Environment, Provision
from ecluse.deploy.targets.server.fronts import front_problems
from ecluse.monitoring import policies, telling

if TYPE_CHECKING:
    from ecluse.deploy.contract import Context, Target
    from ecluse.deploy.targets.server.release import ServerRelease

__all__ = ["opened", "problems"]

_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?")
_ACCOUNT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_KEY_KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")

_TAKEN = ("web", "postgres")
"""Names of Supervisor's programs that are not workers."""


def problems(environment: Environment) -> Iterator[tuple[str, str]]:
    """See :class:`ecluse.deploy.contract.Package`."""
    names = [worker.name for worker in environment.workers]
    for name in names:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or name in _TAKEN or names.count(name) > 1:
            yield "workers", f"{name!r} is not a unique name for a worker"
    yield from _address(environment.url)
    if environment.replicas:
        yield "replicas", "are for the target swarm: a server has one machine, and WEB_CONCURRENCY"
    yield from _reach(environment)
    yield from _monitoring(environment)


def _monitoring(environment: Environment) -> Iterator[tuple[str, str]]:
    """The problems of how the machine is watched."""
    if environment.monitoring is None:
        return
    if environment.host and environment.provision is None:
        yield "monitoring", "is put there by `ecluse provision`, and there is no provision"
    for field, what in (*policies.problems(environment.monitoring), *telling.problems(environment.monitoring)):
        yield f"monitoring.{field}", what


def _reach(environment: Environment) -> Iterator[tuple[str, str]]:
    """The problems of the fields that say how SSH reaches the machine."""
    if not environment.host:
        for name in ("user", "port", "host_key", "provision"):
            if getattr(environment, name):
                yield name, "says how a host is reached, and there is no host"
        return
    if not _HOST.fullmatch(environment.host):
        yield "host", f"{environment.host!r} is not the name or the address of a machine: user and port are own fields"
    if environment.user and not _ACCOUNT.fullmatch(environment.user):
        yield "user", f"{environment.user!r} is not the name of an account"
    if environment.port is not None and not 0 < environment.port < 65536:
        yield "port", f"{environment.port} is not a port: 1 to 65535"
    if environment.host_key and not _is_key(environment.host_key):
        yield "host_key", "is not a public key as `ecluse host-key` prints it: ssh-ed25519 AAAA…"
    if environment.provision is not None:
        yield from ((f"provision.{field}", what) for field, what in _provision(environment.provision, environment))


def _provision(wanted: Provision, environment: Environment) -> Iterator[tuple[str, str]]:
    """The problems of how the machine of *environment* is prepared."""
    user = environment.user
    if not wanted.keys:
        yield "keys", "is empty: nobody could sign in"
    for key in wanted.keys:
        if not _is_key(key):
            yield "keys", f"{key!r} is not a public key: ssh-ed25519 AAAA…"
    for field in ("administrator", "first"):
        if not _ACCOUNT.fullmatch(getattr(wanted, field)):
            yield field, f"{getattr(wanted, field)!r} is not the name of an account"
    if not user or user in ("root", wanted.administrator) or wanted.administrator == "root":
        yield "administrator", "is another account than the environment's user, and neither is root"
    for port in wanted.ports:
        if not 0 < port < 65536:
            yield "ports", f"{port} is not a port: 1 to 65535"
    for name in wanted.packages:
        if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name):
            yield "packages", f"{name!r} is not the name of a package of Debian"
    if not re.fullmatch(r"([A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*)?", wanted.time_zone):
        yield "time_zone", f"{wanted.time_zone!r} is not the name of a time zone, as Europe/Paris"
    if wanted.swap < 0:
        yield "swap", f"is a size in MB, not {wanted.swap}"
    if wanted.postgresql and "DATABASE_URL" in (*environment.secrets, *environment.env):
        yield "postgresql", "makes a database on the server, and DATABASE_URL names another one: one of the two"
    if wanted.postgresql and (user in ("postgres", "public", "none") or user.startswith("pg_")):
        yield "postgresql", f"needs a role of the name of the environment's user, and {user!r} is PostgreSQL's own"
    if wanted.front:
        found = front_problems(wanted.front, environment.url, wanted.ports)
        yield from ((f"front.{field}", what) for field, what in found)


def _is_key(text: str) -> bool:
    """Whether *text* is the kind of a public key and the key, which begins with its kind again."""
    kind, _, rest = text.partition(" ")
    with suppress(ValueError, IndexError):
        data = b64decode(rest.split()[0], validate=True)
        return "\n" not in text and kind in _KEY_KINDS and data[4 : 4 + int.from_bytes(data[:4])] == kind.encode()
    return False


def _address(url: str) -> Iterator[tuple[str, str]]:
    """Why nobody would find the site at *url*."""
    wrong = site_address.problem(url)
    if wrong is not None:
        yield "url", wrong
        return
    public = urlsplit(url)
    host, port = public.hostname or "", public.port
    if site_address.is_local(host) and public.scheme == "https":
        yield "url", f"{host} is this machine, where the site itself listens, without TLS: http instead of https"
        return
    try:
        address = ip_address(host)
    except ValueError:
        if (number := _number(host)) is not None:
            yield "url", f"{host} is a short form of an address: {number}"
        return
    if address.is_unspecified:
        yield "url", f"{host} is no address that visitors use: 127.0.0.1 for this machine alone, or the site's name"
    elif address.version == 6 and (address.is_loopback or address.ipv4_mapped):
        yield "url", f"Supervisor listens on IPv4 alone: 127.0.0.1{f':{port}' if port else ''} instead of [{host}]"


def _number(host: str) -> str | None:
    """The IP address that programs take *host* for, as 127.1; None where it is a name."""
    with suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(host))
    return None


@contextmanager
def opened(context: Context) -> Iterator[Target[ServerRelease]]:
    """The environment in ``.ecluse/environments`` of the repository, with the releases that are packaged there."""
    from ecluse.deploy.targets.server.parts import target

    folder = context.top / ".ecluse"
    name = context.environment.name
    # Whatever the deployer's own is: nobody but the owner may write, and as root, who runs the site may read.
    mine = os.umask(0o022)
    os.umask(0o022 if os.geteuid() == 0 else mine | 0o022)
    try:
        yield target(
            context.environment, folder / "environments" / name, folder / "releases", context.environ, say=context.say
        )
    finally:
        os.umask(mine)
