"""The tests of the release before, on the schema of a change: a repository of its own for each."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ecluse.errors import JobFailed, RepositoryError
from ecluse.machine import process
from tests.support.providers.repositories import TOP

pytestmark = pytest.mark.counted

FILES = {
    "pipeline.py": "",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p ecluse.testing.plugin"\npythonpath = ["."]\n',
    "site_settings.py": """
import environ
SECRET_KEY = "only-for-tests"
USE_TZ = True
DATABASES = {"default": environ.Env().db("DATABASE_URL")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["shop"]
""",
    "shop/__init__.py": "",
    "shop/models.py": """
from django.db import models

class Album(models.Model):
    title = models.CharField(max_length=100)
    price = models.IntegerField(default=0)
""",
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": """
from django.db import migrations, models

class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            "Album",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("title", models.CharField(max_length=100)),
                ("price", models.IntegerField(default=0)),
            ],
        ),
    ]
""",
    "test_shop.py": """
import pytest
from shop.models import Album

@pytest.mark.django_db
def test_an_album_has_a_price():
    assert Album.objects.create(title="Cale").price == 0

@pytest.mark.django_db(transaction=True)
def test_an_album_is_committed():
    assert Album.objects.create(title="Cale").pk

def test_that_fails_in_any_case():
    assert {broken}
""",
}

MIGRATION = """
from django.db import migrations, models
import django.db.models.deletion

class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [{operation}]
"""

DROPS = 'migrations.RemoveField("Album", "price")'
ADDS = """
    migrations.AddField("Album", "year", models.IntegerField(null=True)),
    migrations.CreateModel(
        "Track",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("album", models.ForeignKey("shop.Album", django.db.models.deletion.CASCADE)),
        ],
    ),
"""


def git(folder: Path, *arguments: str) -> None:
    process.run(("git", "-c", "user.name=test", "-c", "user.email=test@example.org", *arguments), cwd=folder)


def commit(folder: Path, **files: str) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "A change")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose branch staging is in service; a change begins on another branch."""
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "staging")
    commit(folder, **{name: text.replace("{broken}", "True") for name, text in FILES.items()})
    git(folder, "checkout", "--quiet", "-b", "change")
    return folder


def compatibility(folder: Path, *arguments: str) -> process.Completed:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environ |= {
        "PYTHONPATH": os.pathsep.join([str(TOP / "src"), str(folder)]),
        "DJANGO_SETTINGS_MODULE": "site_settings",
    }
    argv = (sys.executable, "-m", "ecluse", "compatibility", *arguments)
    return process.run(argv, cwd=folder, env=environ, check=False)


def test_migration_that_breaks_the_previous_release_is_found(repository: Path) -> None:
    commit(repository, **{"shop/migrations/0002_drops.py": MIGRATION.format(operation=DROPS)})
    done = compatibility(repository)
    assert done.returncode == JobFailed.exit_code, done.output
    assert "2 of its 3 tests fail on it, and pass on the old schema" in done.output
    assert "test_an_album_has_a_price" in done.output and 'column "price"' in done.output
    assert process.run(("git", "worktree", "list"), cwd=repository).output.count("\n") == 1


def test_migration_that_only_adds_passes(repository: Path) -> None:
    commit(repository, **{"shop/migrations/0002_adds.py": MIGRATION.format(operation=ADDS)})
    done = compatibility(repository)
    assert done.ok, done.output
    assert "3 tests of" in done.output and "pass on the schema of this change" in done.output


@pytest.mark.exhaustive
def test_failure_on_both_schemas_is_not_blamed_on_the_change(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "staging")
    commit(repository, **{"test_shop.py": FILES["test_shop.py"].replace("{broken}", "False")})
    git(repository, "checkout", "--quiet", "-B", "change")
    commit(repository, **{"shop/migrations/0002_adds.py": MIGRATION.format(operation=ADDS)})
    done = compatibility(repository)
    assert done.ok, done.output
    assert (
        "Fails on the old schema too, so not because of this change: test_shop::test_that_fails_in_any_case"
        in done.output
    )


@pytest.mark.exhaustive
def test_flaky_test_is_not_blamed_on_the_change(repository: Path, tmp_path: Path) -> None:
    # Like a test that another one spoils: it fails the first time.
    once = f"(flag := __import__('pathlib').Path({str(tmp_path / 'flag')!r})).exists() or flag.touch()"
    git(repository, "checkout", "--quiet", "staging")
    commit(repository, **{"test_shop.py": FILES["test_shop.py"].replace("{broken}", once)})
    git(repository, "checkout", "--quiet", "-B", "change")
    commit(repository, **{"shop/migrations/0002_adds.py": MIGRATION.format(operation=ADDS)})
    done = compatibility(repository)
    assert done.ok, done.output
    assert "Flaky: failed among the other tests and passed alone: test_shop::test_that" in done.output


def test_missing_previous_release_or_schema_change_is_reported(repository: Path) -> None:
    commit(repository, **{"shop/views.py": ""})
    assert "no migration and no locked package has changed" in compatibility(repository).output
    git(repository, "checkout", "--quiet", "staging")
    first = compatibility(repository)
    assert first.ok and "Nothing to check: there is no staging that this has left, and no tag v*" in first.output


def test_shallow_clone_is_an_error_with_a_hint(repository: Path, tmp_path: Path) -> None:
    commit(repository, **{"shop/views.py": ""})
    shallow = tmp_path / "shallow"
    process.run(("git", "clone", "--quiet", "--depth", "1", "--branch", "change", f"file://{repository}", str(shallow)))
    done = compatibility(shallow)
    assert done.returncode == RepositoryError.exit_code
    assert "history=True in the job of pipeline.py" in done.output
