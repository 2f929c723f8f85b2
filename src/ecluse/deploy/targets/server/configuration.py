"""The configuration that a release runs with: its settings module, variables, secrets, workers, health addresses.

It is kept with the release, readable by its owner alone. So a rollback brings back all of what ran before, and the
site, its workers and ``ecluse exec`` never differ.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ecluse.definition.model import Worker
from ecluse.errors import TargetError
from ecluse.machine import durable
from ecluse.secrets import Secret

__all__ = ["KEY", "Configuration"]

KEY = "DJANGO_SECRET_KEY"
_FILE = "configuration.json"


@dataclass(frozen=True)
class Configuration:
    """The configuration of an environment at one time, by pipeline.py and the deployer. *health* begins with the
    readiness page; *page* is the page that stands for it, of a site that has none.
    """

    settings: str
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    workers: tuple[Worker, ...]
    health: tuple[str, ...]
    page: str = ""

    @property
    def digest(self) -> str:
        """Six hexadecimal digits that are others for another configuration. They tell nothing about a secret: only who
        has the secret key can make them.
        """
        content = json.dumps(self._as_json(), sort_keys=True).encode()
        return hmac.new(self.secrets[KEY].encode(), content, hashlib.sha256).hexdigest()[:6]

    @property
    def readiness(self) -> str:
        """The page that the release is asked for before it gets requests."""
        return self.health[0]

    def worker(self, name: str) -> Worker | None:
        """The worker *name*; None where there is none."""
        return next((one for one in self.workers if one.name == name), None)

    def keep(self, folder: Path) -> None:
        """Keep it in *folder*, for its owner alone."""
        durable.write_json(folder / _FILE, self._as_json(), mode=0o600)

    @staticmethod
    def is_kept(folder: Path) -> bool:
        """Whether a configuration is kept in *folder*, one that can be read or not."""
        return os.path.lexists(folder / _FILE)

    @classmethod
    def kept(cls, folder: Path) -> Configuration | None:
        """The configuration in *folder*; None where there is none. Raises TargetError where it cannot be read."""
        path = folder / _FILE
        if not os.path.lexists(path):
            return None
        try:
            value = json.loads(path.read_bytes())
            found = cls(
                value["settings"],
                dict(value["variables"]),
                dict(value["secrets"]),
                tuple(Worker(**{**one, "command": tuple(one["command"])}) for one in value["workers"]),
                tuple(value["health"]),
                value["page"],
            )
            found._check()
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise TargetError(
                "the configuration of this release cannot be read",
                where=str(path),
                hint="./ecluse deploy rolls a release out with the configuration of pipeline.py",
            ) from None
        for secret in found.secrets.values():
            Secret(secret)  # from now on masked in whatever is printed
        return found

    def _check(self) -> None:
        """Raise TypeError where a value has another type than we write."""
        pairs = (*self.variables.items(), *self.secrets.items())
        commands = (part for worker in self.workers for part in worker.command)
        texts = (self.settings, self.page, *self.health, *(text for pair in pairs for text in pair), *commands)
        if not (all(isinstance(text, str) for text in texts) and self.health and KEY in self.secrets):
            raise TypeError("this is not the configuration of a release")

    def _as_json(self) -> dict[str, Any]:
        return asdict(self)
