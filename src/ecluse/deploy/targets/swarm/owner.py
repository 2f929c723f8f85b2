"""The repository that an environment in a swarm belongs to: another one of the same names would replace it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ecluse.deploy.targets.swarm.api import Conflict
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.errors import TargetError
from ecluse.machine import git

__all__ = ["Owner", "Repository", "repository_of"]

_OWNER = "owner"


@dataclass(frozen=True)
class Repository:
    """A repository as its clones know it: *remote* is the host and path of its origin, *root* its first commit. Either
    is empty where a clone does not know it.
    """

    remote: str = ""
    root: str = ""

    def same(self, other: Repository) -> bool:
        """Whether both are clones of one repository. A fork has the same first commit, but another origin."""
        if self.remote and other.remote:
            return self.remote == other.remote
        return self.root == other.root

    def __str__(self) -> str:
        return self.remote or f"the repository that begins with commit {self.root[:12] or 'none'}"


def repository_of(top: Path) -> Repository:
    """The repository whose clone is in *top*."""
    shallow = git.find(top, "rev-parse", "--is-shallow-repository") == "true"  # its first commit is another's second
    roots = None if shallow else git.find(top, "rev-list", "--max-parents=0", "HEAD")
    return Repository(git.origin(top), (roots or "").rpartition("\n")[2])


class Owner:
    """The owner of *environment*, as *objects* keep it. *us* tells the repository whose command this is;
    *take_over*: also where the environment belongs to another one.
    """

    def __init__(
        self,
        objects: Objects,
        environment: str,
        us: Callable[[], Repository],
        take_over: bool,
        say: Callable[[str], None],
    ) -> None:
        self._objects, self._environment, self._us = objects, environment, us
        self._take_over, self._say = take_over, say

    def check(self) -> None:
        """Raise TargetError where the environment belongs to another repository."""
        kept = self._objects.get(_OWNER)
        found = None if kept is None or kept.data is None else json.loads(kept.data)
        if found is None:
            return
        theirs = Repository(found["remote"], found["root"])
        us = self._us()
        if theirs.same(us):
            return
        if self._take_over:
            self._say(f"{self._environment} belonged to {theirs}, and is taken over")
            self._objects.delete(f"{self._objects.stack}_{_OWNER}")
            return
        since = time.strftime("%Y-%m-%d", time.localtime(found["since"]))
        raise TargetError(
            f"it belongs to another repository: {theirs}, since {since} by {found['by']}; this one is {us}",
            where=self._environment,
            hint="give this pipeline or environment another name; where the repository has moved: "
            f"./ecluse deploy {self._environment} --take-over",
        )

    def claim(self, by: str) -> None:
        """Record that the environment is ours, where it is nobody's yet. Raises TargetError as :meth:`check` does."""
        self.check()
        data = {**asdict(self._us()), "by": by, "since": round(time.time(), 3)}
        with suppress(Conflict):  # it is ours already
            self._objects.create(_OWNER, _OWNER, json.dumps(data).encode())
