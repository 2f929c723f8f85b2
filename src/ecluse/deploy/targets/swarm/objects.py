"""Configs and secrets of an environment in the engine: every manager of a swarm has them, and none loses them.

None of them can be changed but for its labels, and a name is given once: so the name of a file or secret that services
use ends with a hash of its content, and a name that nobody else can take is a lock.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ecluse.deploy.targets.swarm.api import Api, Conflict, Missing
from ecluse.errors import TargetError

__all__ = ["Kept", "Objects", "Store"]

ENVIRONMENT, KIND, NAME = "ecluse.environment", "ecluse.kind", "ecluse.name"

Store = Literal["configs", "secrets"]


@dataclass(frozen=True)
class Kept:
    """A config or secret. *data* is None of a secret: an engine gives it to containers alone."""

    id: str
    name: str
    labels: Mapping[str, str]
    data: bytes | None
    created: str
    updated: str
    version: int


class Objects:
    """The configs and secrets of the environment *stack*."""

    def __init__(self, api: Api, stack: str) -> None:
        self._api, self.stack = api, stack
        self._made: list[tuple[Store, str]] | None = None

    def all(self, kind: str, store: Store = "configs") -> list[Kept]:
        """The configs or secrets of a *kind*, oldest first."""
        labels = [f"{ENVIRONMENT}={self.stack}", f"{KIND}={kind}"]
        found = [_kept(one) for one in self._api.get(f"/{store}", filters={"label": labels})]
        return sorted(found, key=lambda one: one.created.rstrip("Z"))  # else "1Z" comes after "12Z"

    def get(self, name: str) -> Kept | None:
        """The config *name*; None where there is none."""
        with contextlib.suppress(Missing):
            return _kept(self._api.get(f"/configs/{self.stack}_{name}"))
        return None

    def create(
        self, name: str, kind: str, data: bytes, labels: Mapping[str, str] | None = None, store: Store = "configs"
    ) -> str:
        """Create a config or secret. Returns its id. Raises Conflict where the name is taken: one of two gets it."""
        body = {
            "Name": f"{self.stack}_{name}",
            "Labels": {ENVIRONMENT: self.stack, KIND: kind, **(labels or {})},
            "Data": base64.b64encode(data).decode(),
        }
        return str(self._api.post(f"/{store}/create", body)["ID"])

    def relabel(self, kept: Kept, labels: Mapping[str, str]) -> None:
        """Change labels of a config. Raises Conflict where somebody else has changed it, Missing where it is gone."""
        body = {
            "Name": kept.name,
            "Labels": {**kept.labels, **labels},
            "Data": base64.b64encode(kept.data or b"").decode(),
        }
        self._api.post(f"/configs/{kept.id}/update", body, version=kept.version)

    def delete(self, reference: str, store: Store = "configs") -> None:
        """Remove a config or secret, by its id or its whole name."""
        self._api.delete(f"/{store}/{reference}")

    # What services use: named by its content

    def address(self, name: str, data: bytes) -> str:
        """The name under which the engine has, or will have, *data* as the file or secret *name*."""
        content = hashlib.sha256(b"\0".join((self.stack.encode(), name.encode(), data))).hexdigest()
        return f"{self.stack}_{name}_{content[:12]}"

    def ensure(self, name: str, data: bytes, store: Store) -> str:
        """Make sure that the engine has *data* as the file or secret *name*. Returns the name that it has it under."""
        address = self.address(name, data)
        with contextlib.suppress(Conflict):
            made = self.create(address.removeprefix(f"{self.stack}_"), _USED[store], data, {NAME: name}, store)
            if self._made is not None:
                self._made.append((store, made))
        return address

    def called(self, address: str) -> str | None:
        """The name of the file or secret that the engine has as *address*; None where it is not of this environment."""
        found = re.fullmatch(rf"{re.escape(self.stack)}_(.+)_[0-9a-f]{{12}}", address)
        return found[1] if found else None

    @contextlib.contextmanager
    def noting(self) -> Iterator[list[tuple[Store, str]]]:
        """The files and secrets that are made in this context, as :meth:`remove` takes them."""
        self._made = made = list[tuple[Store, str]]()
        try:
            yield made
        finally:
            self._made = None

    def remove(self, made: Collection[tuple[Store, str]]) -> None:
        """Remove the files and secrets *made*, but not those that a service uses."""
        for store, identity in made:
            with contextlib.suppress(TargetError):
                self.delete(identity, store)

    def make(self, objects: Mapping[tuple[Store, str], bytes]) -> None:
        """Make sure that the engine has all *objects*."""
        for (store, name), data in objects.items():
            self.ensure(name, data, store)

    def newest(self, name: str) -> str | None:
        """The engine's name of the secret *name*, as it was given last; None where it never was."""
        found = [one.name for one in self.all(_USED["secrets"], "secrets") if one.labels.get(NAME) == name]
        return found[-1] if found else None

    def prune(self, keep: Collection[str]) -> None:
        """Remove the files and secrets that are not in *keep*, but not those that a service uses, nor the newest value
        of a secret, which may have been brought for a service that is not there yet.
        """
        for store, kind in _USED.items():
            found = self.all(kind, store)
            newest = {one.labels.get(NAME): one.name for one in found} if store == "secrets" else {}
            for one in found:
                if one.name not in keep and one.name not in newest.values():
                    with contextlib.suppress(TargetError):  # a service uses it
                        self.delete(one.id, store)


_USED: Mapping[Store, str] = {"configs": "file", "secrets": "secret"}


def _kept(found: Mapping[str, Any]) -> Kept:
    spec = found["Spec"]
    data = base64.b64decode(spec["Data"]) if spec.get("Data") else None
    return Kept(
        found["ID"],
        spec["Name"],
        spec.get("Labels") or {},
        data,
        found["CreatedAt"],
        found["UpdatedAt"],
        found["Version"]["Index"],
    )
