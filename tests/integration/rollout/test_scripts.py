"""The programs of ecluse that run in a release's own Python, which does not have ecluse: run as a rollout runs them, on
the small project, with a real database.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from ecluse.deploy import migrations
from ecluse.deploy.migrations import ADVISORY_LOCK, MARK
from ecluse.machine import process
from ecluse.release import collect
from testbed.shop import PROJECT
from tests.support.providers.repositories import TOP

pytestmark = pytest.mark.counted


class Release:
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

    def migration(self, name: str, operation: str, *, after: str = "0001_initial") -> None:
        text = "from django.db import migrations, models\nclass Migration(migrations.Migration):\n"
        text += f"    dependencies = [('shop', '{after}')]\n    operations = [{operation}]\n"
        self.write(f"migrations/{name}.py", text)

    def run(self, module: Any, *arguments: str) -> process.Completed:
        argv = (sys.executable, module.__file__, *arguments)
        return process.run(argv, cwd=self.app, env=self.environ, check=False, timeout=60)

    def preflight(self) -> Any:
        done = self.run(migrations, "preflight")
        assert done.ok, done.output
        return json.loads(done.output.partition(MARK)[2])

    def collected(self) -> Path:
        # As a release is made: what is collected never has anything of a collection before.
        shutil.rmtree(self.folder / "static", ignore_errors=True)
        done = self.run(collect, str(self.folder / "cache"))
        assert done.ok, done.output
        return Path(done.output.splitlines()[-1])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a PostgreSQL for these tests."""
    running = process.spawn(
        (sys.executable, "-m", "ecluse", "db", "--json", "--postgres", "embedded"),
        env={**os.environ, "PYTHONPATH": str(TOP / "src")},
        stdout=subprocess.PIPE,
    )
    assert running.stdout is not None
    with running.stdout:
        yield json.loads(running.stdout.readline())["url"]
    assert process.stop(running) == 0


@pytest.fixture
def release(server: str, tmp_path: Path) -> Release:
    """The project, with an empty database."""
    connection = psycopg2.connect(server)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS shop")
            cursor.execute("CREATE DATABASE shop")
    finally:
        connection.close()
    return Release(tmp_path, server.replace("/postgres?", "/shop?"))


def query(release: Release, sql: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(release.environ["DATABASE_URL"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()
    finally:
        connection.close()


class TestMigrations:
    def test_pending_migration_is_told_with_its_sql(self, release: Release) -> None:
        (pending,) = release.preflight()["pending"]
        assert (pending["name"], pending["unsafe"]) == ("shop.0001_initial", [])
        assert 'CREATE TABLE "shop_effect"' in pending["sql"]
        done = release.run(migrations, "migrate")
        assert done.ok and "Applying shop.0001_initial... OK" in done.output
        assert release.preflight() == {"pending": [], "unknown": []}

    def test_migration_without_sql_is_still_pending(self, release: Release) -> None:
        release.run(migrations, "migrate")
        asks = "migrations.RunPython(lambda apps, editor: apps.get_model('shop', 'Effect').objects.count())"
        release.migration("0002_asks", asks)
        release.migration("0003_looks", "Looks()", after="0002_asks")
        path = release.app / "shop" / "migrations" / "0003_looks.py"
        operation = "class Looks(migrations.RunSQL):\n    def __init__(self): super().__init__('SELECT 1')\n"
        operation += "    def database_forwards(self, *arguments): raise RuntimeError('there is no such row')\n"
        path.write_text(path.read_text().replace("class Migration", f"{operation}class Migration"))
        pending = {one["name"]: one["sql"] for one in release.preflight()["pending"]}
        assert pending.keys() == {"shop.0002_asks", "shop.0003_looks"}
        assert pending["shop.0003_looks"] == "-- cannot be shown: RuntimeError: there is no such row"

    def test_applied_migration_unknown_to_the_release_is_named(self, release: Release) -> None:
        release.migration("0002_later", "migrations.RunSQL('SELECT 1')")
        release.run(migrations, "migrate")
        (release.app / "shop" / "migrations" / "0002_later.py").unlink()
        assert release.preflight()["unknown"] == ["shop.0002_later"]

    def test_migrations_without_an_order_between_them_are_refused(self, release: Release) -> None:
        release.migration("0002_left", "migrations.RunSQL('SELECT 1')")
        release.migration("0002_right", "migrations.RunSQL('SELECT 1')")
        done = release.run(migrations, "preflight")
        assert done.returncode == 1
        assert "no order between them" in done.output and "0002_right" in done.output

    def test_a_check_that_fails_is_told(self, release: Release) -> None:
        behaviour = (release.app / "shop" / "behaviour.py").read_text()
        release.write("behaviour.py", behaviour.replace("CHECKS = True", "CHECKS = False"))
        done = release.run(migrations, "preflight")
        assert done.returncode == 1
        assert "shop.E001" in done.output and MARK not in done.output

    def test_concurrent_migrations_run_one_after_the_other(self, release: Release) -> None:
        other = psycopg2.connect(release.environ["DATABASE_URL"])
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
            done = release.run(migrations, "migrate")
        finally:
            other.close()
        assert done.returncode == 4
        assert "another migration of this database is under way" in done.output
        assert query(release, "SELECT count(*) FROM pg_tables WHERE tablename = 'shop_effect'") == [(0,)]

    def test_existing_commands_run_after_the_migrations(self, release: Release) -> None:
        release.write("management/__init__.py", "")
        release.write("management/commands/__init__.py", "")
        command = "from django.core.management import BaseCommand\nfrom shop.models import Effect\n"
        command += "class Command(BaseCommand):\n    def handle(self, **options):\n"
        command += "        Effect.objects.create(token='filled')\n"
        release.write("management/commands/fill.py", command)
        assert release.run(migrations, "migrate", "--then", "fill", "--then", "nobody_has_this").ok
        assert query(release, "SELECT token FROM shop_effect") == [("filled",)]


class TestCollect:
    def test_files_are_collected_hashed_and_compressed(self, release: Release) -> None:
        names = {path.name for path in release.collected().iterdir()}
        assert {"shop.css", "shop.css.gz", "staticfiles.json"} <= names
        assert any(name.startswith("shop.") and name.count(".") == 2 and name.endswith(".css") for name in names)

    def test_unchanged_static_files_are_collected_once(self, release: Release) -> None:
        first = release.collected()
        (first / "mark").touch()
        release.write("views.py", "# no static file depends on this\n")
        assert release.collected() == first
        assert (first / "mark").is_file(), "it was collected again"

    @pytest.mark.parametrize("change", ["file", "setting", "storage"])
    def test_changed_static_file_or_storage_is_collected_again(self, release: Release, change: str) -> None:
        settings = (release.app / "shop" / "settings.py").read_text()
        own = settings.replace("whitenoise.storage.Compressed", "shop.storage.Compressed")
        storage = "from whitenoise.storage import CompressedManifestStaticFilesStorage  # noqa: F401\n"
        storage += "class CompressedManifestStaticFilesStorage(CompressedManifestStaticFilesStorage):\n    pass\n"
        release.write("settings.py", own)
        release.write("storage.py", storage)
        first = release.collected()
        if change == "file":
            release.write("static/shop.css", "body { color: red }")
        elif change == "setting":
            release.write("settings.py", own.replace('"/static/"', '"/files/"'))
        else:
            release.write("storage.py", storage + "    manifest_strict = False\n")
        assert release.collected() != first
        assert first.is_dir(), "the release before may still be made of it"
