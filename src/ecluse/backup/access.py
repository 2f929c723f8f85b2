"""Access to a repository: its password, and the variables that the place of the repository asks for."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from ecluse.definition.backups import VARIABLES
from ecluse.machine import durable
from ecluse.secrets import Secret

__all__ = ["Access"]

PASSWORD = "RESTIC_PASSWORD"


class Access:
    """The variables of restic for the environment in *folder*: kept there for their owner alone, or given in *environ*.

    A password is made where there is none, and kept before anything is saved with it.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._path = folder / "backup.json"
        self._kept = {name: str(value) for name, value in (durable.read_json(self._path) or {}).items()}
        self.variables = {**self._kept, **{name: environ[name] for name in VARIABLES if environ.get(name)}}
        if PASSWORD not in self.variables:
            self.variables[PASSWORD] = secrets.token_urlsafe(32)
            self.keep()
            say(f"made the password of the backups: keep a copy of {self._path} elsewhere")
            say("without it no backup can be read")
        for value in self.variables.values():
            Secret(value)

    def keep(self) -> None:
        """Keep the variables: they have opened the repository."""
        if self.variables != self._kept:
            durable.write_json(self._path, self.variables, mode=0o600)
