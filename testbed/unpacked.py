"""The small project as a release has it, unpacked: for the programs of ecluse that run in a release's own Python."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from ecluse.machine import process
from ecluse.migrations import bundle
from ecluse.migrations.report_mark import MARK
from ecluse.release import collect
from testbed.containers import TOP
from testbed.shop import PROJECT
from testbed.sql import rows

__all__ = ["Unpacked"]


class Unpacked:
    """The small project in *folder*, and the variables that a release of it has."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.app = folder / "app"
        shutil.copytree(PROJECT, self.app, ignore=shutil.ignore_patterns("__pycache__"))
        self.environ = {
            **{name: value for name, value in os.environ.items() if name.startswith(("COVERAGE_", "PATH"))},
            "PYTHONPATH": str(self.app),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "DJANGO_SECRET_KEY": "only-for-tests",
            "DJANGO_STATIC_ROOT": str(folder / "static"),
            "DATABASE_URL": database_url,
        }

    def write(self, name: str, text: str) -> None:
        (self.app / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (self.app / "shop" / name).write_text(text)

    def migration(self, name: str, operation: str, *, after: str = "0001_initial", more: str = "") -> None:
        text = "from django.contrib.postgres.operations import AddIndexConcurrently\n"
        text += "from django.db import migrations, models\nclass Migration(migrations.Migration):\n"
        text += f"    dependencies = [('shop', '{after}')]\n    {more}\n    operations = [{operation}]\n"
        self.write(f"migrations/{name}.py", text)

    def remove(self, name: str) -> None:
        (self.app / "shop" / "migrations" / f"{name}.py").unlink()

    def migrations(self, *arguments: str, bundled: bool = False) -> process.Completed:
        """Run what judges and applies migrations: as modules, which are counted, or *bundled*, as a rollout does."""
        if bundled:
            argv, environ, script = (sys.executable, "-", *arguments), self.environ, bundle.script()
        else:
            argv, script = (sys.executable, "-m", "ecluse.migrations", *arguments), None
            environ = {**self.environ, "PYTHONPATH": os.pathsep.join((str(self.app), str(TOP / "src")))}
        return process.run(argv, cwd=self.app, env=environ, check=False, timeout=900, input=script)

    def preflight(self, *arguments: str, bundled: bool = False) -> Any:
        """The report of the preflight."""
        done = self.migrations("preflight", *arguments, bundled=bundled)
        assert done.ok, done.output
        return json.loads(done.output.partition(MARK)[2].partition("\n")[0])

    def judged(self, *arguments: str) -> dict[str, Any]:
        """The pending migrations by their names, judged for a release that serves."""
        return {one["name"]: one for one in self.preflight("--serves", *arguments)["pending"]}

    def collected(self) -> Path:
        """The folder of the static files, collected as a release is made: with nothing of a collection before."""
        shutil.rmtree(self.folder / "static", ignore_errors=True)
        argv = (sys.executable, collect.__file__, str(self.folder / "cache"))
        done = process.run(argv, cwd=self.app, env=self.environ, check=False, timeout=900)
        assert done.ok, done.output
        return Path(done.output.splitlines()[-1])

    def query(self, sql: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """The rows of *sql* in the project's database, or in another *database* of its server."""
        url = self.environ["DATABASE_URL"]
        return rows(url if database is None else url.replace("/shop?", f"/{database}?"), sql)
