"""The target ``server``: one machine, Supervisor and gunicorn; no Docker, and no root needed.

Supervisor owns the listening socket and hands it to every process of the site. Two serve; the next release's two are
started beside them in slots of their own, each gated on a private socket before it accepts anything from the public
one; then the old ones stop accepting, finish what they have, and end. The socket is never closed, so nobody is ever
refused.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ecluse.definition.model import Environment
from ecluse.deploy import health, migrations
from ecluse.deploy.migrations import MARK
from ecluse.deploy.rollout import Migration, Preflight
from ecluse.deploy.targets.server.daemon import Daemon
from ecluse.deploy.targets.server.gunicorn_conf import WORKER_ENDED
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.slots import PROCESSES, Slot
from ecluse.deploy.targets.server.supervisor import ALIVE
from ecluse.deploy.targets.server.workers import Workers
from ecluse.errors import CommandError, PreflightError, ReleaseError, RolloutError, TargetError
from ecluse.machine import durable, process, virtualenv
from ecluse.release import archive as release

__all__ = ["Server"]

TASK = "web"
KEPT = 3
"""Releases that are kept beside the one that serves and the one before."""

MOST_ERRORS = 3
"""Answers with a 5xx (but for 503) that a watch lets pass."""

States = Mapping[str, Mapping[str, Any]]


class Server:
    """An environment on this machine, in *folder*. *store* is where packaged releases are."""

    def __init__(
        self,
        environment: Environment,
        folder: Path,
        store: Path,
        environ: Mapping[str, str],
        *,
        say: Callable[[str], None] = lambda line: None,
        stop_signal: str = "TERM",
        gate_seconds: float = 60,
    ) -> None:
        self.place = Place(folder, environment, environ)
        self.daemon = Daemon(self.place, say, stop_signal=stop_signal)
        self.workers = Workers(self.place, self.daemon, gate_seconds)
        self._store, self._say, self._gate_seconds = store, say, gate_seconds

    # What a rollout asks of every target: see ecluse.deploy.rollout.Target

    def stage(self, release_id: str) -> None:
        place = self.place
        place.prepare()
        place.secrets()
        folder = place.releases / release_id
        if not folder.is_dir():
            self._unpack(release_id, folder)
        os.utime(folder)  # the newest are kept
        for other in place.releases.iterdir():
            if other.name != release_id and (other / "static").is_dir():
                _share(other / "static", folder / "static")
        self.daemon.ensure()

    def preflight(self, release_id: str) -> Preflight:
        return self._preflight(release_id)

    def look(self, release_id: str) -> Preflight | None:
        own_database = self.daemon.database_url() is not None
        if self.place.listen is None or (own_database and not self.daemon.client.alive()):
            return None
        folder = self.place.releases / release_id
        if not folder.is_dir():
            self._unpack(release_id, folder)
        return self._preflight(release_id, keep=False)

    def _preflight(self, release_id: str, *, keep: bool = True) -> Preflight:
        flags = ("--deploy",) if self.place.environment.faces_world else ()
        try:
            output = self._inside(release_id, "preflight", *flags, keep=keep)
        except CommandError as error:
            raise PreflightError(f"the checks of release {release_id} fail: {error}") from None
        found = json.loads(output.rpartition(MARK)[2].splitlines()[0])
        pending = tuple(Migration(one["name"], one["sql"], tuple(one["unsafe"])) for one in found["pending"])
        return Preflight(pending, frozenset(found["unknown"]), commands=bool(self._superuser()))

    def migrate(self, release_id: str) -> None:
        then = [] if self.place.environment.faces_world else ["--then", "seed"]
        then += ["--then", "ensure_superuser"] if self._superuser() else []
        try:
            self._inside(release_id, "migrate", *then, extra=self._superuser())
        except CommandError as error:
            raise RolloutError(f"migrating to release {release_id} failed: {error}") from None

    def tasks(self) -> Sequence[str]:
        return (*self.workers.first(), TASK, *self.workers.last())

    def serving(self, task: str) -> Collection[str]:
        if task != TASK:
            return self.workers.serving(task)
        states = self._states()
        return {slot.release for slot in self.daemon.slots if slot.is_open and _alive(slot, states) and slot.release}

    def start(self, task: str, release_id: str) -> None:
        if not self.daemon.client.alive():
            self.daemon.ensure()  # it has ended since the release was staged, with or without the deployer
        if task == TASK or not self.daemon.holder.was_used:
            self.daemon.hold()  # the first time before there are workers: it may have to start Supervisor anew
        if task != TASK:
            return self.workers.start(task, release_id)
        states = self._states()
        missing = PROCESSES - len(self._slots_of(release_id, states))
        free = [slot for slot in self.daemon.slots if not _alive(slot, states) and slot.process() is None]
        if missing > len(free):
            # Left by a rollout that was interrupted: started for a third release and never opened, or still ending.
            unused = [slot for slot in self.daemon.slots if not slot.is_open and slot.release != release_id]
            ending = [slot for slot in self.daemon.slots if states[slot.name]["statename"] == "STOPPING"]
            left = list(dict.fromkeys((*unused, *ending)))
            self.daemon.drain([slot.name for slot in left])
            free = list(dict.fromkeys((*free, *left)))
        folder = self.place.releases / release_id
        wsgi = self._manifest(release_id)["wsgi"]
        python, conf = folder / "venv" / "bin" / "python", self.place.programs / "gunicorn_conf.py"
        argv = (str(python), "-P", "-m", "gunicorn", "--config", str(conf), wsgi)
        variables = self.place.variables(release_id, folder, self.daemon.database_url())
        for slot in free[: max(0, missing)]:
            slot.describe(release_id, folder / "app", argv, variables, self.place.account())
            self.daemon.client.start(slot.name)

    def gate(self, task: str, release_id: str) -> None:
        if task != TASK:
            return self.workers.gate(task, release_id)
        for slot in self._slots_of(release_id, self._states()):
            if not slot.is_open:
                health.gate(
                    lambda slot=slot: self._ask(slot.address),  # type: ignore[misc]
                    release_id,
                    ended=lambda slot=slot: self._ended(slot),  # type: ignore[misc]
                    timeout=self._gate_seconds,
                )

    def switch(self, task: str, release_id: str) -> None:
        if task != TASK:
            return self.workers.switch(task, release_id)
        mine = self._slots_of(release_id, self._states())
        if len(mine) < PROCESSES:
            raise RolloutError(f"release {release_id} has {len(mine)} of {PROCESSES} processes to switch to")
        for slot in mine:
            slot.open()
        began = time.monotonic()
        while not all(slot.accepting for slot in mine):
            if time.monotonic() - began > self._gate_seconds:
                raise RolloutError(f"release {release_id} does not accept requests")
            time.sleep(0.01)

    def drain(self, task: str, release_id: str | None) -> None:
        if not self.daemon.client.alive():
            return
        if task != TASK:
            return self.workers.drain(task, release_id)
        others = [slot for slot in self.daemon.slots if release_id is None or slot.release != release_id]
        self.daemon.drain([*([self.daemon.holder.name] if release_id is None else []), *(slot.name for slot in others)])
        for slot in others:
            slot.clear()

    def watch(self, release_id: str, seconds: float) -> None:
        before = {name: state["start"] for name, state in self._states().items()}
        mine = self._slots_of(release_id, self._states())
        workers = self.workers.starts()

        def trouble() -> str | None:
            states = self._states()
            lines = [line for slot in mine for line in slot.errors]
            restarted = [line for line in lines if line.startswith(WORKER_ENDED)]
            if restarted or any(states[slot.name]["start"] != before[slot.name] for slot in mine):
                return "its processes ended and were started again"
            if self.workers.starts() != workers:
                return "its workers ended and were started again"
            return f"{len(lines)} errors, as {lines[-1]}" if len(lines) > MOST_ERRORS else None

        health.watch(self._ask_door, release_id, seconds, trouble=trouble)

    def healthy(self, release_id: str) -> bool:
        states = self._states()
        alive = [slot for slot in self.daemon.slots if _alive(slot, states)]
        whole = len(alive) == PROCESSES and all(slot.is_open and slot.release == release_id for slot in alive)
        return whole and self.workers.healthy(release_id) and self._ask_door().good(release_id)

    def prune(self, keep: Collection[str]) -> None:
        folders = sorted(self._staged(), key=lambda folder: folder.stat().st_mtime, reverse=True)
        for folder in [folder for folder in folders if folder.name not in keep][KEPT:]:
            shutil.rmtree(folder, ignore_errors=True)
        used = {(folder / "venv").resolve() for folder in self._staged()}
        for venv in self.place.venvs.iterdir():
            if venv.resolve() not in used:
                shutil.rmtree(venv, ignore_errors=True)

    # What the commands ask

    def find(self, name: str) -> str:
        """The id of the release *name*, or of the only one that begins so: packaged, or still kept here."""
        staged = sorted(folder.name for folder in self._staged() if folder.name.startswith(name))
        if name and len(staged) == 1:
            return staged[0]
        return release.find(self._store, name).id

    def kept(self, release_id: str) -> bool:
        """Whether the release can be started at once."""
        return (self.place.releases / release_id).is_dir()

    def commit(self, release_id: str) -> str | None:
        """The commit that a staged release was made from."""
        with contextlib.suppress(ReleaseError):
            return self._manifest(release_id).get("commit")
        return None

    def stop(self) -> None:
        """End the site, its database and Supervisor. Data and releases stay."""
        self.daemon.stop()

    def processes(self) -> list[dict[str, object]]:
        """The processes of the site, as they are: slot, release, state, pid, seconds up, ready."""
        states = self._states()
        return [
            {
                "slot": slot.number,
                "release": slot.release,
                "state": str(states[slot.name]["statename"]).lower(),
                "pid": states[slot.name]["pid"],
                "seconds": max(0, states[slot.name]["now"] - states[slot.name]["start"]),
                "ready": self._ask(slot.address).good(slot.release or ""),
            }
            for slot in self.daemon.slots
            if _alive(slot, states)
        ]

    # Its parts

    def _unpack(self, release_id: str, folder: Path) -> None:
        packaged = release.find(self._store, release_id)
        if packaged.python != virtualenv.version():
            raise ReleaseError(
                f"release {packaged.id} was made for {packaged.python}, this is {virtualenv.version()}",
                hint="package it with the Python that is to run it",
            )
        scratch = Path(tempfile.mkdtemp(prefix=".unpacking.", dir=folder.parent))
        try:
            release.unpack(packaged, scratch)
            lock = scratch / "requirements.txt"
            if not (self.place.venvs / virtualenv.key(lock.read_bytes())).is_dir():
                self._say("installing its requirements")
            venv = virtualenv.ensure(self.place.venvs, lock, self.place.environ, compile_bytecode=True)
            (scratch / "venv").symlink_to(os.path.relpath(venv, scratch))
            if self.place.account().switch:
                # Who runs it may not write beside its source, and would compile it anew at every start.
                process.run((venv / "bin" / "python", "-P", "-m", "compileall", "-q", scratch / "app"), check=False)
            durable.write_json(scratch / "release.json", packaged.manifest())
            scratch.chmod(0o755)
            scratch.rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _inside(
        self, release_id: str, *arguments: str, extra: Mapping[str, str] | None = None, keep: bool = True
    ) -> str:
        """Run migrations.py in the release's own Python and environment. Returns what it printed. Without *keep*
        nothing is written: no log, and no secret that the deployer has and the target not.
        """
        folder, account = self.place.releases / release_id, self.place.account()
        variables = self.place.variables(release_id, folder, self.daemon.database_url(), keep=keep)
        # Read from standard input: who runs it may not be able to read ecluse's own folder.
        argv = (str(folder / "venv" / "bin" / "python"), "-P", "-", *arguments)
        with open(self.place.logs / "migrate.log" if keep else os.devnull, "a", encoding="utf-8") as log:

            def note(piece: str) -> None:
                log.write(piece)

            return process.read(
                argv,
                cwd=folder / "app",
                env={**variables, **(extra or {})},
                user=account.user,
                group=account.group,
                input=Path(migrations.__file__).read_text(encoding="utf-8"),
                on_output=note,
            ).text

    def _superuser(self) -> dict[str, str]:
        """What the deployer said about a first user of the admin: never kept."""
        return {name: value for name, value in self.place.environ.items() if name.startswith("DJANGO_SUPERUSER_")}

    def _states(self) -> States:
        try:
            return self.daemon.client.states()
        except TargetError:
            return {slot.name: {"statename": "STOPPED", "pid": 0, "start": 0, "now": 0} for slot in self.daemon.slots}

    def _slots_of(self, release_id: str, states: States) -> list[Slot]:
        return [slot for slot in self.daemon.slots if slot.release == release_id and _alive(slot, states)]

    def _ask(self, address: str | None) -> health.Answer:
        return health.ask(address, self.place.url) if address else health.Answer(0, detail="it has not started yet")

    def _ask_door(self) -> health.Answer:
        return self._ask(self.place.address)

    def _ended(self, slot: Slot) -> str | None:
        """Why the process in *slot* will not get ready; None while it may."""
        if self._states()[slot.name]["statename"] in ("STARTING", "RUNNING"):
            return None
        with contextlib.suppress(FileNotFoundError):
            lines = (
                (self.place.logs / f"web-{slot.number}.log").read_text(encoding="utf-8", errors="replace").splitlines()
            )
            return "\n".join(["its process ended", *(f"  {line}" for line in lines[-15:])])
        return "its process ended"

    def _manifest(self, release_id: str) -> Mapping[str, str]:
        manifest = durable.read_json(self.place.releases / release_id / "release.json")
        if manifest is None:
            raise ReleaseError(f"release {release_id} is not staged", where=str(self.place.releases))
        return manifest

    def _staged(self) -> list[Path]:
        return [folder for folder in self.place.releases.glob("[!.]*") if folder.is_dir()]


def _alive(slot: Slot, states: States) -> bool:
    return states[slot.name]["statename"] in ALIVE


def _share(source: Path, target: Path) -> None:
    """Link what *target* lacks of *source*: a page of one release may ask the other for its files."""
    for path in source.rglob("*"):
        copy = target / path.relative_to(source)
        if path.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
        elif not copy.exists():
            with contextlib.suppress(FileExistsError):
                os.link(path, copy)
