"""The secrets that an environment on this machine keeps: the ones of the release that serves."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from ecluse.definition.model import Environment
from ecluse.deploy.targets.server.configuration import KEY
from ecluse.errors import TargetError
from ecluse.machine import durable
from ecluse.secrets import Secret

__all__ = ["SecretStore"]


class SecretStore:
    """The secrets of *environment* in the file *path*; *environ* is the deployer's environment."""

    def __init__(self, path: Path, environment: Environment, environ: Mapping[str, str]) -> None:
        self._path, self._environment, self._environ = path, environment, environ

    def current(self) -> dict[str, str]:
        """The environment's secrets: given to the deployer, else kept from earlier. The secret key is made where there
        is none. Nothing is written.

        Raises TargetError, naming all that are missing, or where what is kept cannot be read.
        """
        names = self._environment.secrets
        kept = self._kept()
        given = {name: self._environ[name] for name in names if self._environ.get(name)}
        values = {name: value for name, value in kept.items() if name in (*names, KEY)} | given
        values.setdefault(KEY, secrets.token_urlsafe(50))
        missing = [name for name in names if not values.get(name)]
        if missing:
            raise TargetError(
                f"secrets that {self._environment.name} needs are not set: {', '.join(missing)}",
                hint="set them in the environment of this command; they are then kept in the target, for it alone",
            )
        for value in values.values():
            Secret(value)  # from now on masked in whatever is printed
        return values

    def keep_key(self, values: Mapping[str, str]) -> None:
        """Keep the secret key of *values* where none is kept: it is made once."""
        kept = self._kept()
        if KEY not in kept:
            self.keep({**kept, KEY: values[KEY]})

    def keep(self, values: Mapping[str, str]) -> None:
        """Keep *values*, and no others, for their owner alone."""
        if values != self._kept():
            durable.write_json(self._path, dict(values), mode=0o600)

    def _kept(self) -> dict[str, str]:
        try:
            value = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            if not self._path.is_symlink():  # to where the secrets are, on a disk that is not there now
                return {}
            value = None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise TargetError(
                "the kept secrets cannot be read, and are not overwritten",
                where=str(self._path),
                hint="bring the file back from a backup; or move it away: all secrets must then be given again, and "
                "visitors must log in again",
            )
        return value
