"""Accounts for registries in Docker's own configuration (``docker login``)."""

from __future__ import annotations

import base64
import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from ecluse.errors import ImageError
from ecluse.machine import durable
from ecluse.secrets import Secret

__all__ = ["ACCOUNTS", "from_docker", "signed_in", "with_accounts"]

ACCOUNTS = "DOCKER_AUTH_CONFIG"
"""The variable that has accounts for pulling, as GitLab's runner reads it: ``{"auths": {"HOST": {"auth": "…"}}}``."""

_SECRET = frozenset(("auth", "password", "identitytoken", "registrytoken"))


def from_docker(host: str) -> tuple[str, str] | None:
    """User and password for the registry at *host*, also from a credential helper; None if there are none."""
    import docker.auth
    from docker.errors import DockerException

    try:
        found = docker.auth.load_config().resolve_authconfig(host)
    except DockerException:
        return None
    if not found or not found.get("Username", found.get("username")):
        return None
    password = Secret(str(found.get("Password", found.get("password", ""))))
    return str(found.get("Username", found.get("username"))), password.reveal()


@contextlib.contextmanager
def signed_in(environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """*environ* for the ``docker`` command, signed in with the accounts of ``DOCKER_AUTH_CONFIG`` where there are any.

    The accounts stand in a file of this user alone, for as long as the context lasts: Docker's command reads the
    variable itself from version 28.3 on only. Raises ImageError where the variable is not understood.
    """
    found = {name: value for name, value in environ.items() if name != ACCOUNTS}
    text = environ.get(ACCOUNTS, "").strip()
    if not text:
        yield found
        return
    with tempfile.TemporaryDirectory(prefix="ecluse-") as folder:
        found["DOCKER_CONFIG"] = str(with_accounts(Path(folder, "docker"), found, _accounts(text)))
        yield found


def _accounts(text: str) -> Mapping[str, Mapping[str, str]]:
    Secret(text)
    try:
        auths = json.loads(text)["auths"]
        for account in auths.values():
            for name in _SECRET.intersection(account):
                Secret(account[name])
            if "auth" in account:
                Secret(base64.b64decode(account["auth"]).decode().partition(":")[2])
    except (ValueError, KeyError, TypeError, AttributeError):
        # Without the reason: it may quote the value.
        raise ImageError(
            "this is no configuration with accounts for registries",
            where=ACCOUNTS,
            hint='{"auths": {"https://index.docker.io/v1/": {"auth": "base64 of USER:TOKEN"}}}',
        ) from None
    return dict(auths)


def with_accounts(ours: Path, environ: Mapping[str, str], accounts: Mapping[str, Mapping[str, str]]) -> Path:
    """The new folder *ours* with Docker's configuration: that of *environ*, whose contexts and plugins it has, and the
    *accounts* by registry.
    """
    theirs = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "~"), ".docker").expanduser())
    ours.mkdir(mode=0o700)
    config = {}
    if theirs.is_dir():
        for path in theirs.iterdir():
            if path.name != "config.json":
                (ours / path.name).symlink_to(path.resolve())
        with contextlib.suppress(OSError, ValueError):
            config = json.loads((theirs / "config.json").read_text(encoding="utf-8"))
    config["auths"] = {**config.get("auths", {}), **accounts}
    # An empty helper is this file: a store for all hosts would be asked instead of it.
    config["credHelpers"] = {**config.get("credHelpers", {}), **dict.fromkeys(accounts, "")}
    durable.write_json(ours / "config.json", config, mode=0o600)
    return ours
