"""The answers that the front server has given, read from its log: each line once, and only lines that are new."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ecluse.deploy.targets.swarm.api import Api
from ecluse.deploy.targets.swarm.tasks import logs

__all__ = ["AccessLog", "FrontAnswer"]

OVERLAP = 5.0
"""Seconds before the newest line that are read again: machines send their lines in their own time."""


@dataclass(frozen=True)
class FrontAnswer:
    """An answer of the front server. *upstream* is the address of the task that gave it; empty where none did."""

    status: int
    what: str
    upstream: str

    @property
    def error(self) -> bool:
        """Whether it counts against a release: a 503 is what a site says that is closed, or busy."""
        return self.status >= 500 and self.status != 503

    def __str__(self) -> str:
        return f"{self.status} to {self.what}"


class AccessLog:
    """The log of the front server *service*, from *since* on: seconds since the epoch, by the swarm's clock."""

    def __init__(self, api: Api, service: str, since: float) -> None:
        self._api, self._service, self._since, self._begin = api, service, since, since
        self._read: set[str] = set()
        self.answers: list[FrontAnswer] = []

    def look(self) -> None:
        """Read what has been added."""
        again: set[str] = set()
        for line in logs(self._api, f"/services/{self._service}", since=self._since):
            again.add(line)
            if line not in self._read:
                with suppress(ValueError, TypeError, KeyError):
                    self._add(json.loads(line))
        self._read = again

    def _add(self, found: dict[str, str]) -> None:
        # Of several tasks that were tried, the last one answered.
        upstream = str(found.get("upstream", "")).rpartition(",")[2].strip()
        self.answers.append(FrontAnswer(int(found["status"]), f"{found['method']} {found['uri']}", upstream))
        with suppress(KeyError, ValueError):
            time = datetime.fromisoformat(found["time"]).timestamp()
            self._since = max(self._since, self._begin, time - OVERLAP)

    def of(self, addresses: Collection[str]) -> list[FrontAnswer]:
        """The answers of the tasks at *addresses*."""
        return [one for one in self.answers if one.upstream.rpartition(":")[0] in addresses]

    def without(self, addresses: Collection[str]) -> list[FrontAnswer]:
        """The answers but those of the tasks at *addresses*: of other tasks, or of the front server itself."""
        return [one for one in self.answers if one.upstream.rpartition(":")[0] not in addresses]
