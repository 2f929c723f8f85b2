"""The managers of a swarm in memory: as much of their API as what is kept in configs and secrets needs."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ecluse.deploy.targets.swarm.api import Conflict, Missing

__all__ = ["Managers"]


class Managers:
    """Fits :class:`ecluse.deploy.targets.swarm.api.Api`. *ahead* seconds is their clock."""

    def __init__(self, ahead: float = 0) -> None:
        self.ahead = ahead
        self.stores: dict[str, dict[str, dict[str, Any]]] = {"configs": {}, "secrets": {}}
        self.answers: dict[str, Any] = {}
        self.deleted: list[str] = []
        self._ids = itertools.count(1)

    def now(self) -> str:
        return datetime.fromtimestamp(time.time() + self.ahead, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z"

    def get(self, path: str, *, filters: Mapping[str, Sequence[str]] | None = None, **query: object) -> Any:
        if path == "/info":
            return {"SystemTime": self.now(), **self.answers.get(path, {})}
        if path in self.answers:
            found = self.answers[path]
            return found(filters) if callable(found) else found
        _, store, *name = path.split("/")
        if store not in self.stores:
            raise Missing(f"no such thing: {path}")
        if name:
            return json.loads(json.dumps(self._found(store, name[0])))
        wanted = dict(one.split("=", 1) for one in (filters or {}).get("label", ()))
        return [one for one in self.stores[store].values() if wanted.items() <= one["Spec"]["Labels"].items()]

    def read(self, path: str, **query: object) -> bytes:
        found = self.answers.get(path, b"")
        assert isinstance(found, bytes)
        return found

    def post(self, path: str, body: Any = None, **query: object) -> Any:
        _, store, name, *action = path.split("/")
        if name == "create":
            if any(one["Spec"]["Name"] == body["Name"] for one in self.stores[store].values()):
                raise Conflict(f"{body['Name']} already exists")
            spec = {key: value for key, value in body.items() if key != "Data" or store == "configs"}
            made = f"id{next(self._ids)}"
            times = {"CreatedAt": self.now(), "UpdatedAt": self.now()}
            self.stores[store][made] = {"ID": made, "Version": {"Index": 1}, "Spec": spec, **times}
            return {"ID": made}
        found = self._found(store, name)
        if query["version"] != found["Version"]["Index"]:
            raise Conflict("update out of sequence")
        found["Spec"], found["UpdatedAt"] = body, self.now()
        found["Version"]["Index"] += 1
        return None

    def delete(self, path: str) -> None:
        self.deleted.append(path)
        _, store, name = path.split("/")
        if store in self.stores:
            self.stores[store] = {
                key: one for key, one in self.stores[store].items() if name not in (key, one["Spec"]["Name"])
            }

    def close(self) -> None:
        pass

    def _found(self, store: str, name: str) -> dict[str, Any]:
        for key, one in self.stores[store].items():
            if name in (key, one["Spec"]["Name"]):
                return one
        raise Missing(f"no such thing: {name}")
