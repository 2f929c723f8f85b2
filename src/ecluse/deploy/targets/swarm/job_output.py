"""The last output of one-off jobs: a swarm deletes it with the job."""

from __future__ import annotations

from collections.abc import Sequence

from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.migrations.report_mark import MARK

__all__ = ["JobOutput"]

_KIND = "output"
_BYTES = 200_000


class JobOutput:
    """The lines that each job of an environment printed last, kept in the swarm."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keep(self, job: str, lines: Sequence[str]) -> None:
        """Keep the end of the *lines* that *job* printed, in the place of what it printed before."""
        text = "\n".join(line for line in lines if not line.startswith(MARK))
        self._objects.delete(f"{self._objects.stack}_{_KIND}_{job}")
        if text.strip():
            self._objects.create(f"{_KIND}_{job}", _KIND, text.encode()[-_BYTES:])

    def jobs(self) -> list[str]:
        """The jobs whose output is kept."""
        beginning = f"{self._objects.stack}_{_KIND}_"
        return [one.name.removeprefix(beginning) for one in self._objects.all(_KIND)]

    def last(self, job: str) -> list[str] | None:
        """The lines that *job* printed last; None where nothing is kept."""
        kept = self._objects.get(f"{_KIND}_{job}")
        return None if kept is None else (kept.data or b"").decode(errors="replace").splitlines()
