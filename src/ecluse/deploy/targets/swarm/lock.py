"""The lock of an environment in a swarm: one rollout at a time, and a name for who holds it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict

from ecluse.deploy.lock import Holder
from ecluse.deploy.targets.swarm.api import Api, Conflict, Missing
from ecluse.deploy.targets.swarm.objects import Kept, Objects
from ecluse.deploy.targets.swarm.tasks import seconds
from ecluse.errors import EcluseError, LockHeld, TargetError
from ecluse.machine import identity, waiting

__all__ = ["SwarmLock"]

BEAT = 10.0
"""Seconds between two signs of life of who holds the lock."""

STALE = 60.0
"""Seconds without one, by the swarm's own clock, after which the lock is anybody's."""

_HOLDER, _PROCESS, _TOKEN = "ecluse.holder", "ecluse.process", "ecluse.token"


class SwarmLock:
    """The environment's lock: a config, whose name only one can take. Its labels say who holds it.

    A deployer that was killed cannot give it back. So the holder sends a heartbeat, and a lock without one for a minute
    is free. Nobody waits where its end is certain: it ran in our own PID namespace, since the same boot, and its
    process is not there any more. A host's name says nothing: containers of a CI may all have the same.
    """

    def __init__(self, api: Api, objects: Objects, environment: str) -> None:
        self._api, self._objects, self._environment = api, objects, environment

    def holder(self) -> Holder | None:
        """The holder of the lock; None where there is none, or where it has died."""
        kept = self._objects.get("lock")
        return None if kept is None or self._dead(kept) else _holder(kept)

    def remove(self) -> None:
        """Take it from whoever holds it: a rollout that still runs stops at its next step."""
        self._objects.delete(f"{self._objects.stack}_lock")

    @contextlib.contextmanager
    def held(self, *, who: str, host: str, what: str, commit: str | None = None) -> Iterator[Callable[[], None]]:
        """Hold the lock for as long as the context lasts. Yields a function that raises LockHeld once it was taken.

        Raises LockHeld, naming the holder, where it is taken.
        """
        now = round(time.time(), 3)
        ours = Holder(who=who, host=host, pid=os.getpid(), what=what, commit=commit, since=now, heartbeat=now)
        kept_as = self._take(ours)
        lost = threading.Event()

        def beat() -> None:
            # What cannot be reached now may be in ten seconds: only the swarm says that the lock is gone.
            with contextlib.suppress(EcluseError):
                self._beat(kept_as, ours, lost)

        def check() -> None:
            if not lost.is_set():
                self._beat(kept_as, ours, lost)
            if lost.is_set():
                raise LockHeld(
                    "the lock of this environment was taken while this rollout held it", where=self._environment
                )

        try:
            with waiting.repeated(beat, every=BEAT, name="lock"):
                yield check
        finally:
            with contextlib.suppress(EcluseError):
                self._objects.delete(kept_as)

    def _take(self, ours: Holder) -> str:
        us, token = identity.of(os.getpid()), secrets.token_hex(16)
        labels = {_HOLDER: json.dumps(asdict(ours)), _TOKEN: token}
        labels |= {_PROCESS: json.dumps(asdict(us))} if us else {}
        for _ in range(5):
            try:
                return self._objects.create("lock", "lock", str(ours).encode(), labels)
            except TargetError as error:
                kept = self._objects.get("lock")
                if kept is not None and kept.labels.get(_TOKEN) == token:
                    return kept.id  # it was made, and only the answer has been lost
                if not isinstance(error, Conflict):
                    raise
            if kept is not None and self._dead(kept):
                self._objects.delete(kept.id)  # this one, not whatever has the name by now
            elif kept is not None:
                break
        holder = _holder(kept) if kept else "somebody"
        raise LockHeld(
            f"another rollout is under way: {holder}",
            where=self._environment,
            hint=f"wait for it; where it hangs, take its lock: ./ecluse unlock {self._environment} --force",
        )

    def _beat(self, identity: str, ours: Holder, lost: threading.Event) -> None:
        kept = self._objects.get("lock")
        if kept is None or kept.id != identity:
            lost.set()
            return
        label = {_HOLDER: json.dumps({**asdict(ours), "heartbeat": round(time.time(), 3)})}
        with contextlib.suppress(Conflict, Missing):  # another beat of ours; or it is gone, which the next one sees
            self._objects.relabel(kept, label)

    def _dead(self, kept: Kept) -> bool:
        with contextlib.suppress(ValueError, TypeError, KeyError):  # of another version of ecluse
            if identity.Identity(**json.loads(kept.labels[_PROCESS])).ended():
                return True
        now = seconds(self._api.get("/info")["SystemTime"])
        return now - seconds(kept.updated) > STALE


def _holder(kept: Kept) -> Holder | None:
    with contextlib.suppress(ValueError, TypeError, KeyError):
        return Holder(**json.loads(kept.labels[_HOLDER]))
    return None
