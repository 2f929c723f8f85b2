"""The controls of an environment on this machine: see :class:`ecluse.deploy.contract.Controls`."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ecluse.deploy.contract import Data
from ecluse.deploy.maintenance import Maintenance, page
from ecluse.deploy.targets.server.operations import ServerOperations
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.release import ServerRelease
from ecluse.deploy.targets.server.slots import Slot
from ecluse.errors import ReleaseError, TargetError
from ecluse.machine import durable, process

__all__ = ["ServerControls"]


class ServerControls:
    """The environment in *place*."""

    def __init__(self, place: Place, operations: ServerOperations) -> None:
        self._place, self._operations = place, operations

    @property
    def url(self) -> str:
        return self._place.url if self._place.listen else self._place.environment.url

    def processes(self) -> list[dict[str, object]]:
        """The web processes: slot, release, state, pid, seconds up, ready."""
        states = self._operations.daemon.states()
        return [
            {
                "slot": slot.number,
                "release": slot.release,
                "state": states.name(slot).lower(),
                "pid": states.pid(slot),
                "seconds": states.seconds(slot),
                "ready": self._ready(slot),
            }
            for slot in self._operations.web.running()
        ]

    def _ready(self, slot: Slot) -> bool:
        with contextlib.suppress(ReleaseError):
            release = self._operations.release(slot.release or "")
            return self._operations.web.ask(release, slot.address).good(release.id)
        return False

    def drift(self) -> Sequence[str]:
        # The supervisor's configuration is written anew by each command. The socket stays where it was opened.
        moved = self._place.moved
        return () if moved is None else (moved,)

    def logs(self, what: str, lines: int, follow: bool) -> int:
        folders = (self._place.logs, self._place.folder)
        files = sorted(path for folder in folders for path in folder.glob(f"{what}*.log") if path.name != "web-0.log")
        if not files:
            known = sorted({path.stem.rpartition("-")[0] or path.stem for one in folders for path in one.glob("*.log")})
            nothing = f"nothing has written a log yet: ./ecluse deploy {self._place.environment.name}"
            there = f"there are: {', '.join(known)}" if known else nothing
            raise TargetError(f"no logs of {what!r}", where=str(folders[0]), hint=there)
        for path, text in _tail(files, lines, follow):
            for line in text.splitlines():
                print(f"{path.stem}: {line}", flush=follow)
        return 0

    def exec(self, what: str, command: Sequence[str], *, terminal: bool, variables: Mapping[str, str]) -> int:
        """Run *command* in the folder and the environment of the release that serves, as the account of the site: what
        it writes, the site can write too. *what* is always the site.
        """
        release = self._serving()
        env = {**self._place.variables(release, self._operations.daemon.database_url()), **variables}
        sys.stdout.flush()
        account = self._place.account()
        return process.attached(command, cwd=release.work, env=env, user=account.user, group=account.group)

    def data(self) -> Data:
        release = self._serving()
        daemon = self._operations.daemon
        url = self._place.variables(release, daemon.database_url()).get("DATABASE_URL")
        if url is None:
            raise TargetError(
                f"{self._place.environment.name} has no DATABASE_URL: where its data is, is not known",
                hint="name DATABASE_URL in the environment's secrets, and let the settings read it",
            )
        return Data(release.id, release.commit, url, self._place.media, self._place.folder, daemon.database_environ())

    def _serving(self) -> ServerRelease:
        serving = sorted(self._operations.web.serving())
        if not serving:
            raise TargetError(f"{self._place.environment.name} serves nothing", hint="./ecluse start, or deploy")
        return self._operations.release(serving[-1])

    def stop(self) -> None:
        self._operations.daemon.stop()

    def front(self) -> None:
        raise TargetError(
            f"{self._place.environment.name} is a server: its front server is your own nginx",
            hint="change it in the configuration of that nginx",
        )

    def scale(self, wanted: Mapping[str, int | None]) -> Sequence[str]:
        raise TargetError(
            f"{self._place.environment.name} is a server: its processes are part of a release",
            hint="WEB_CONCURRENCY in the environment's env says how many gunicorn starts; then deploy",
        )

    def maintenance(self) -> Maintenance | None:
        if not self._page.exists():
            return None
        try:
            return Maintenance.from_json(durable.read_json(self._maintenance) or {})
        except TypeError:  # the page is there: only who asked for it is not known
            return Maintenance(by="somebody", since=self._page.stat().st_mtime)

    def maintain(self, wanted: Maintenance | None) -> None:
        if wanted is None:
            self._page.unlink(missing_ok=True)
            self._maintenance.unlink(missing_ok=True)
            return
        if not self._operations.daemon.holder.was_used:
            name = self._place.environment.name
            raise TargetError(
                f"no release has served in {name} yet: no visitor gets a page", hint=f"./ecluse deploy {name}"
            )
        durable.write_json(self._maintenance, wanted.as_json())
        # Last: each process of the site looks for it at each request.
        durable.write(self._page, page(), mode=0o644)

    @property
    def _maintenance(self) -> Path:
        return self._place.folder / "maintenance.json"

    @property
    def _page(self) -> Path:
        return self._place.folder / "maintenance.html"


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
