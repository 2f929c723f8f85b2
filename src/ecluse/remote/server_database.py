"""The database of an environment on a provisioned server: its name and its address there."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from ecluse.definition.model import Environment, Pipeline
from ecluse.remote.site import folder_of
from ecluse.services.postgresql_commands import socket_url

__all__ = ["database_of", "url_of"]

_SOCKETS = Path("/var/run/postgresql")
"""Debian's folder of the sockets of PostgreSQL."""


def database_of(pipeline: Pipeline, environment: Environment) -> str:
    """The name of the database, which is that of the site's folder."""
    return PurePosixPath(folder_of(pipeline.name, environment.name)).name


def url_of(pipeline: Pipeline, environment: Environment) -> str | None:
    """The address of the database, which has no password: PostgreSQL asks the kernel whose process connects. None
    where the server has no PostgreSQL for this environment.
    """
    if environment.provision is None or not environment.provision.postgresql:
        return None
    return socket_url(_SOCKETS, database_of(pipeline, environment), environment.user)
