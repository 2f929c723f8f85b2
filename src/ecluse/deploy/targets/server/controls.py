"""The target ``server`` as the commands need it: what is kept beside its releases, its logs, its commands."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ecluse.deploy import lock as locks
from ecluse.deploy.ledger import Folder
from ecluse.deploy.lock import Holder
from ecluse.deploy.maintenance import Maintenance, page
from ecluse.deploy.targets.server import Server
from ecluse.errors import TargetError
from ecluse.machine import durable, process
from ecluse.release.archive import latest

__all__ = ["ManagedServer"]


class ManagedServer(Server):
    """See :class:`ecluse.deploy.targets.Managed`."""

    @property
    def url(self) -> str:
        return self.place.url if self.place.listen else self.place.environment.url

    def newest(self) -> str:
        return latest(self._store).id

    def ledger(self) -> Folder:
        return Folder(self.place.folder)

    @contextmanager
    def held(self, *, who: str, host: str, what: str, commit: str | None = None) -> Iterator[Folder]:
        self.place.folder.mkdir(parents=True, exist_ok=True)
        with locks.held(self._lock, who=who, host=host, what=what, commit=commit) as held:
            yield Folder(self.place.folder, held.beat)

    def holder(self) -> Holder | None:
        return locks.holder(self._lock)

    def unlock(self) -> None:
        locks.remove(self._lock)

    def maintenance(self) -> Maintenance | None:
        value = durable.read_json(self._maintenance)
        return None if value is None or not self._page.exists() else Maintenance.from_json(value)

    def maintain(self, wanted: Maintenance | None) -> None:
        if wanted is None:
            self._page.unlink(missing_ok=True)
            self._maintenance.unlink(missing_ok=True)
            return
        if not self.daemon.holder.was_used:
            name = self.place.environment.name
            raise TargetError(f"{name} has served nothing yet that could be closed", hint=f"./ecluse deploy {name}")
        durable.write_json(self._maintenance, wanted.as_json())
        # Last: each process of the site looks for it at each request.
        durable.write(self._page, page(), mode=0o644)

    def logs(self, what: str, lines: int, follow: bool) -> int:
        folders = (self.place.logs, self.place.folder)
        files = sorted(path for folder in folders for path in folder.glob(f"{what}*.log") if path.name != "web-0.log")
        if not files:
            known = sorted({path.stem.rpartition("-")[0] or path.stem for one in folders for path in one.glob("*.log")})
            there = f"there are: {', '.join(known)}" if known else f"./ecluse deploy {self.place.environment.name}"
            raise TargetError(f"no logs of {what!r}", where=str(folders[0]), hint=there)
        for path, text in _tail(files, lines, follow):
            for line in text.splitlines():
                print(f"{path.stem}: {line}", flush=follow)
        return 0

    def exec(self, what: str, command: Sequence[str], *, terminal: bool) -> int:
        """In the folder and the environment of the release that serves: *what* is always the site."""
        serving = sorted(self.serving("web"))
        if not serving:
            raise TargetError(f"{self.place.environment.name} serves nothing: there is no release to run this in")
        folder = self.place.releases / serving[-1]
        variables = self.place.variables(serving[-1], folder, self.daemon.database_url())
        sys.stdout.flush()
        return process.attached(command, cwd=folder / "app", env=variables)

    @property
    def _maintenance(self) -> Path:
        return self.place.folder / "maintenance.json"

    @property
    def _page(self) -> Path:
        return self.place.folder / "maintenance.html"

    @property
    def _lock(self) -> Path:
        return self.place.folder / "lock"


def _tail(
    files: Sequence[Path], lines: int, follow: bool, *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[tuple[Path, str]]:
    """The last *lines* of each file, then what is added to any of them."""
    at: dict[Path, int] = {}
    for path in files:
        data = path.read_bytes()
        at[path] = len(data)
        yield path, "\n".join(data.decode(errors="replace").splitlines()[-lines:])
    while follow:
        for path in files:
            size = path.stat().st_size if path.exists() else 0
            if size < at[path]:
                at[path] = 0  # it was rotated
            if size > at[path]:
                with open(path, "rb") as file:
                    file.seek(at[path])
                    data = file.read()
                whole = data.rfind(b"\n") + 1
                at[path] += whole
                yield path, data[:whole].decode(errors="replace")
        sleep(0.2)
