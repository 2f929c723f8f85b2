"""A small Django project with a pipeline of its own, whose releases behave as a test wants them to."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ecluse.definition.load import load
from ecluse.definition.model import Watch
from ecluse.deploy.history import Kind, Record
from ecluse.deploy.ledger import FolderLedger, FolderRecords
from ecluse.deploy.rollout import Request, recover, roll_out
from ecluse.deploy.targets.server import parts
from ecluse.deploy.targets.server.operations import ServerOperations
from ecluse.deploy.targets.server.place import Place
from ecluse.machine import process
from testbed.containers import TOP
from testbed.sql import rows

__all__ = ["Shop"]

PROJECT = TOP / "testbed" / "projects" / "server"

_MIGRATION = """\
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("shop", "{before}")]
    operations = [{operation}]
"""


class Shop:
    """The project in *folder*, and its environment ``local`` on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: dict[str, str] = {}
        shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(TOP / "requirements" / "site.txt", folder / "requirements.txt")
        (folder / ".gitignore").write_text("/.ecluse/\n__pycache__/\n")
        process.run(("git", "init", "--quiet"), cwd=folder)
        self.place = folder / ".ecluse" / "environments" / "local"

    def environ(self) -> dict[str, str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return {**os.environ, "PATH": path, "PYTHONPATH": str(TOP / "src"), "NO_COLOR": "1"}

    def ecluse(self, *arguments: str, check: bool = True) -> process.Completed:
        """The command itself, as a person calls it."""
        argv = (sys.executable, "-m", "ecluse", *arguments)
        return process.run(argv, cwd=self.folder, env=self.environ(), check=check, timeout=900)

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The command, without waiting for its end."""
        argv = (sys.executable, "-m", "ecluse", *arguments)
        with open(self.folder / ".ecluse" / "begun.log", "ab") as out:
            return process.spawn(argv, cwd=self.folder, env=self.environ(), stdout=out, stderr=out)

    def release(self, version: str, *, migration: str | None = None, **behaviour: object) -> str:
        """The id of a release that calls itself *version* and behaves so; *migration* is an operation it brings.

        It is packaged again where the store has deleted it since: it keeps the newest.
        """
        store = self.folder / ".ecluse" / "releases"
        if version in self._made and (store / f"{self._made[version]}.tar").exists():
            return self._made[version]
        defaults = {"READY": True, "CHECKS": True, "DIES": None, "ENDS": None, "FAILS": False, "SLOW": 0}
        values = {"VERSION": version, **defaults, **behaviour}
        app = self.folder / "shop"
        (app / "behaviour.py").write_text("".join(f"{name} = {value!r}\n" for name, value in values.items()))
        added = app / "migrations" / f"0002_{version}.py"
        if migration is not None:
            added.write_text(_MIGRATION.format(before="0001_initial", operation=migration))
        self.ecluse("package")
        self._made[version] = (store / "latest").read_text().strip()
        added.unlink(missing_ok=True)
        return self._made[version]

    def server(self, **options: Any) -> ServerOperations:
        """The operations of the target, in this process."""
        environment = load(self.folder / "pipeline.py").environments[0]
        place = Place(self.place, environment, self.environ())
        return parts.operations(place, self.folder / ".ecluse" / "releases", **options)

    def roll_out(
        self, release: str, *, kind: Kind = "deploy", watch: float | Watch = 1, **options: Any
    ) -> Record | None:
        """Roll a release out as ``ecluse deploy`` does, in this process, with a target of other *options*."""
        server = self.server(**options)
        with FolderRecords(self.place).held(who="test", host="here", what="a test") as ledger:
            recover(server, ledger)
            found = server.releases.find(release)
            limits = watch if isinstance(watch, Watch) else Watch(seconds=watch)
            return roll_out(server, ledger, Request(release=found, kind=kind, by="test", watch=limits))

    def serving(self) -> dict[str, set[str]]:
        """The releases that serve, by task."""
        return {task.name: set(task.serving()) for task in self.server().tasks()}

    @property
    def port(self) -> int:
        listen = self.server().place.listen
        assert listen is not None
        return listen[1]

    def status(self) -> Mapping[str, Any]:
        """The output of ``ecluse status --json``."""
        found: Mapping[str, Any] = json.loads(self.ecluse("status", "local", "--json", check=False).output)
        return found

    def pids(self) -> set[int]:
        """The processes that serve."""
        return {one["pid"] for one in self.status()["processes"]}

    def records(self) -> Sequence[Record]:
        """The rollouts that ended, oldest first."""
        return FolderLedger(self.place).history()

    def last(self) -> Record:
        """The rollout that ended last."""
        return self.records()[-1]

    def step(self) -> str | None:
        """The step that a rollout under way is at."""
        journal = FolderLedger(self.place).journal()
        return None if journal is None else journal.step

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the environment's database."""
        url = self.server().daemon.database_url()
        assert url is not None
        return rows(url, sql)

    def effects(self) -> dict[str, int]:
        """The number of times that each token was written."""
        return dict(self.query("SELECT token, count(*) FROM shop_effect GROUP BY token"))

    def running(self) -> list[str]:
        """The command lines of all processes that have to do with this environment."""
        return [line for _, line in self._processes().values()]

    def started(self, word: str) -> int:
        """How many programs with *word* in their command line run. Until a process that one of them has forked becomes
        another program, it has the command line of the first: it is not counted.
        """
        found = {pid: parent for pid, (parent, line) in self._processes().items() if f" {word} " in line}
        return sum(parent not in found for parent in found.values())

    def _processes(self) -> dict[int, tuple[int, str]]:
        """The number of each process of this environment, with that of its parent and its command line."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if str(self.place) in line and state != "Z" and entry.name != str(os.getpid()):
                found[int(entry.name)] = (int(parent), line)
        return found

    def close(self) -> None:
        """Leave nothing running."""
        done = self.ecluse("stop", "local", check=False)
        assert done.ok, done.output
        assert self.running() == []

    @staticmethod
    def kill(popen: subprocess.Popen[bytes]) -> None:
        """``kill -9``, of that process alone: what it had started goes on."""
        os.kill(popen.pid, signal.SIGKILL)
        popen.wait()
