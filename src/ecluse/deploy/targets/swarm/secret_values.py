"""The values that a deployer gives for the secrets of a stack: read byte for byte, and refused where they cannot be
meant.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path

from ecluse.definition.model import Environment
from ecluse.deploy.targets.swarm.connection import own_name, variable
from ecluse.errors import TargetError
from ecluse.secrets import Secret

__all__ = ["CONFIG_BYTES", "FOLDER", "Given", "content_of"]

FOLDER = "ECLUSE_SECRETS"
"""The variable that names the folder with a file for each secret."""

SECRET_BYTES, CONFIG_BYTES = 500 * 1024, 1000 * 1024
"""Sizes that a swarm does not take any more: https://docs.docker.com/engine/swarm/secrets/ and …/configs/."""


class Given:
    """The secrets that *environ* gives for *environment*: variables that the environment names, and files of the folder
    in ``ECLUSE_SECRETS``. Paths are relative to *top*.
    """

    def __init__(self, environment: Environment, environ: Mapping[str, str], top: Path) -> None:
        self._environment, self._environ, self._top = environment, environ, top

    @property
    def folder(self) -> str:
        """The folder of secrets, as it was written; empty where none is given."""
        return variable(self._environ, self._environment.name, FOLDER)

    def check(self, names: Collection[str]) -> None:
        """Raise TargetError where the folder is not there, or has a file that cannot be meant: the stack file's secrets
        are *names*.
        """
        if not self.folder:
            return
        folder = self._top / self.folder
        where = own_name(self._environment.name, FOLDER)
        try:
            found = sorted(folder.iterdir())
        except OSError as error:
            raise TargetError(
                f"the folder of secrets cannot be read: {self.folder}: {error.strerror}", where=where
            ) from None
        for path in found:
            if path.name.startswith("."):
                continue
            if path.name not in names:
                close = get_close_matches(path.name, sorted(names), n=1)
                meant = f" (did you mean {close[0]}?)" if close else ""
                raise TargetError(
                    f"the stack file has no secret {path.name}{meant}",
                    where=str(path),
                    hint=f"rename the file or remove it; the secrets are: {', '.join(sorted(names))}",
                )
            content_of(path, SECRET_BYTES)

    def value(self, name: str, file: str | None) -> bytes | None:
        """The value given for the secret *name*, whose file the stack file calls *file*; None where none is given."""
        for asked in self._environment.secrets:
            if asked in (name.upper(), f"{self._environment.name}_{name}".upper()) and self._environ.get(asked):
                return _masked(self._environ[asked].encode())
        if file and os.path.exists(path := self._top / file):
            return _masked(content_of(path, SECRET_BYTES))
        return None


def content_of(path: Path, limit: int) -> bytes:
    """The bytes of *path*. Raises TargetError if it is empty, and for *limit* bytes or more: a swarm refuses both."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TargetError(f"this file cannot be read: {error.strerror}", where=str(path)) from None
    if not data.strip():
        raise TargetError(
            "this file is empty", where=str(path), hint="a swarm takes no empty file: remove it, or write the value"
        )
    if len(data) >= limit:
        raise TargetError(
            f"this file has {len(data)} bytes, and a swarm takes less than {limit}",
            where=str(path),
            hint="keep it in the image, or on a volume",
        )
    return data


def _masked(value: bytes) -> bytes:
    """*value*, which no output of this process shows from now on."""
    try:
        Secret(value.decode().strip())
    except UnicodeDecodeError:
        Secret(base64.b64encode(value).decode())
    return value
