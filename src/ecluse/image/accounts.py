"""Accounts for registries in Docker's own configuration (``docker login``)."""

from __future__ import annotations

from ecluse.secrets import Secret

__all__ = ["from_docker"]


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
