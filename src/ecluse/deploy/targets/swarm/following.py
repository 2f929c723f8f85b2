"""The output of a task, read as it grows: each piece once, and only pieces that are new."""

from __future__ import annotations

import codecs

from ecluse.deploy.targets.swarm.api import Api
from ecluse.deploy.targets.swarm.tasks import frames, seconds

__all__ = ["Followed"]


class Followed:
    """The output of one task, *path* as ``/services/NAME``."""

    def __init__(self, api: Api, path: str) -> None:
        self._api, self._path = api, path
        self._newest, self._known = "", 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def look(self) -> str:
        """The text that has come since the last look."""
        # The time as the engine writes it has nine digits after the point, more than a float has.
        since = f"{int(seconds(self._newest))}.{self._newest[20:29]}" if self._newest else 0
        fresh: list[bytes] = []
        # Pieces of one long line have one time: of the newest time, those are skipped that were read before.
        newest, known, skip = self._newest, self._known, self._known
        for frame in frames(self._api, self._path, since=since, timestamps=1):
            stamp, _, text = frame.partition(b" ")
            time = stamp.decode()
            if time < self._newest:
                continue
            if time == self._newest and skip:
                skip -= 1
                continue
            newest, known = time, known + 1 if time == newest else 1
            fresh.append(text)
        self._newest, self._known = newest, known
        return self._decoder.decode(b"".join(fresh))
