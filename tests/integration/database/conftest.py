"""A tiny Django project, and child processes that run its tests as a user would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecluse.machine import process
from ecluse.machine.process import Completed
from ecluse.services import container
from ecluse.services.account import enterable
from ecluse.services.kinds import POSTGRES
from ecluse.testing.run_server import RUN

SOURCES = str(Path(__file__).resolve().parents[3] / "src")

SETTINGS = """
import os
import django
import environ

if "OTHER_DJANGO" in os.environ:
    django.VERSION = (*django.VERSION[:2], 99, "final", 0)
SECRET_KEY = "only-for-tests"
USE_TZ = True
TIME_ZONE = os.environ.get("ZONE", "Europe/Paris")
DATABASES = {"default": environ.Env().db("DATABASE_URL", default="sqlite:///:memory:")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "shop"]
TEST_RUNNER = "ecluse.testing.runner.DatabaseRunner"
"""

MODELS = """
from django.db import models


class Album(models.Model):
    title = models.CharField(max_length=100)
"""

MIGRATION = """
from pathlib import Path

from django.db import migrations, models
from shop.rates import VAT


def fill(apps, editor):
    titles = (Path(__file__).parents[2] / "titles.txt").read_text(encoding="utf-8").split()
    album = apps.get_model("shop", "Album")
    album.objects.using(editor.connection.alias).bulk_create([album(title=f"{title} {VAT}") for title in titles])


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel(
            "Album", [("id", models.BigAutoField(primary_key=True)), ("title", models.CharField(max_length=100))]
        ),
        migrations.RunPython(fill),
        migrations.RunSQL(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem TO ''77MB''', current_database()); END $$"
        ),
    ]
"""

TESTS = """
import os

import pytest
from django.db import connection
from shop.models import Album


def ask(query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.parametrize("number", range(4))
def test_a_database_of_its_own(number):
    print("titles:", *Album.objects.order_by("pk").values_list("title", flat=True), sep="|")
    assert Album.objects.filter(title="new").count() == 0
    Album.objects.create(title="new")
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    assert ask("SELECT current_database()") == (f"test_database_{worker}" if worker else "test_database")
    assert ask("SHOW work_mem") == "77MB"
    assert ask("SHOW listen_addresses") == ""
"""


class Project:
    """The project in *folder*, and how to run its tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "PYTHONPATH": SOURCES,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "DJANGO_SETTINGS_MODULE": "settings",
            # Who starts a container removes it; the reaper's image may not be there.
            "TESTCONTAINERS_RYUK_DISABLED": "true",
            **{name: value for name, value in os.environ.items() if name.startswith(("DOCKER_", "COVERAGE_"))},
        }
        self.write("settings.py", SETTINGS)
        self.write("shop/__init__.py", "")
        self.write("shop/models.py", MODELS)
        self.write("shop/rates.py", "VAT = 20\n")
        self.write("titles.txt", "Kind Blue\n")
        self.write("shop/migrations/__init__.py", "")
        self.write("shop/migrations/0001_initial.py", MIGRATION)
        self.write("test_shop.py", TESTS)
        self.write("pytest.ini", "[pytest]\npythonpath = .\nfilterwarnings = error\n")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        # Two versions of a module within a second have the same time, and perhaps size: Python would take the older.
        shutil.rmtree(path.parent / "__pycache__", ignore_errors=True)

    def argv(self, *arguments: str) -> tuple[str, ...]:
        plugins = ("-p", "django", "-p", "xdist", "-p", "ecluse.testing.plugin", "-p", "no:cacheprovider")
        return (sys.executable, "-m", "pytest", *plugins, *arguments)

    def test(self, *arguments: str, user: int | None = None, check: bool = True, **environ: str) -> Completed:
        """Run pytest with *arguments*, *environ* added to the environment, to its end."""
        return process.run(
            self.argv(*arguments),
            cwd=self.folder,
            env={**self.environ, **environ},
            user=user,
            group=user,
            timeout=900,
            check=check,
        )

    def python(self, *arguments: str, check: bool = True, **environ: str) -> Completed:
        """Run Python with *arguments* likewise."""
        env = {**self.environ, **environ}
        return process.run((sys.executable, *arguments), cwd=self.folder, env=env, timeout=900, check=check)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start pytest, and leave it running."""
        with open(self.folder / "output", "ab") as output:
            return process.spawn(
                self.argv(*arguments), cwd=self.folder, env=self.environ, stdout=output, stderr=subprocess.STDOUT
            )


@pytest.fixture
def project() -> Iterator[Project]:
    # Not pytest's own folder, which only its user may enter: the server is another one where we are root.
    folder = Path(tempfile.mkdtemp(prefix="ecluse-it-", dir="/tmp"))
    folder.chmod(0o755)
    yield Project(folder)
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep these tests apart from the run that runs them."""
    for name in (RUN, "DATABASE_URL", "ECLUSE_POSTGRES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def engine() -> None:
    reason = container.why_not(POSTGRES, os.environ)
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture
def python_for_all() -> str:
    """A Python of our own version that every user may run."""
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    for name in (sys.executable, f"/usr/bin/python{wanted}", f"/usr/local/bin/python{wanted}"):
        if os.path.exists(name) and enterable(Path(name).resolve().parent) is None:
            return name
    pytest.skip(f"no Python {wanted} that every user may run")
