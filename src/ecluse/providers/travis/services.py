"""Services as Travis gives them to a job: programs of its image, one version each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["INSTALLED", "InstalledService"]


@dataclass(frozen=True)
class InstalledService:
    """A service that Travis starts when a job names it as *name*; *version* is its major version where that is
    documented."""

    name: str
    version: str | None = None


# https://docs.travis-ci.com/user/database-setup/; the default version of each image:
# https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/bash/travis_setup_postgresql.bash
INSTALLED: Mapping[str, InstalledService] = MappingProxyType(
    {
        "postgres": InstalledService("postgresql", "16"),
        "redis": InstalledService("redis"),
        "rabbitmq": InstalledService("rabbitmq"),
        "mongodb": InstalledService("mongodb"),
    }
)
"""Kind of service → what Travis's image has of it. Each asks for no password on 127.0.0.1."""
