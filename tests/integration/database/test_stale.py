"""A cached cluster is never used where a fresh one would differ: whatever the migrations read, ask or execute."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.slow

CACHED = "database from the cache"
MIGRATED = "migrated a new database"

SETTINGS = """
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop"]
AUTH_USER_MODEL = "shop.Person"
"""

MODELS = """
from pathlib import Path

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

HERE = Path(__file__).parent


class People(BaseUserManager):
    def create_superuser(self, name):
        return self.create(name="root " + name)


class Person(AbstractBaseUser):
    name = models.CharField(max_length=200, unique=True)
    USERNAME_FIELD = "name"
    objects = People()


class Line(models.Model):
    text = models.CharField(max_length=200)
"""

FILES = {
    "shop/models.py": MODELS,
    "shop/apps.py": """
from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def fill(sender, **kwargs):
    from shop.models import Line

    # Imported when Django was set up, and asked by name.
    Line.objects.create(text="defaults " + import_module("shop.defaults").NAME)


class Shop(AppConfig):
    name = "shop"

    def ready(self):
        from shop import defaults

        post_migrate.connect(fill, sender=self)
""",
    "shop/defaults.py": "NAME = 'A'\n",
    # Read when it is imported, which is long before the migrations run.
    "shop/helper.py": "from pathlib import Path\n\nDATA = (Path(__file__).parent / 'data.txt').read_text()\n",
    "shop/data.txt": "A",
    "shop/module.sql": "INSERT INTO shop_line (text) VALUES ('sql A')",
    "shop/rows/a.txt": "A",
    "shop/migrations/0001_initial.py": """
import os
from pathlib import Path

from django.contrib.auth import get_user_model
from django.db import migrations, models

from shop.helper import DATA

HERE = Path(__file__).parents[1]
SQL = (HERE / "module.sql").read_text()


def fill(apps, editor):
    line = apps.get_model("shop", "Line")
    line.objects.create(text="data " + DATA)
    line.objects.create(text="rows " + ",".join(sorted(path.name for path in (HERE / "rows").iterdir())))
    line.objects.create(text="exists " + str((HERE / "switch").exists()) + str(os.path.isfile(HERE / "other")))
    line.objects.create(text="variable " + os.environ.get("SHOP_NAME", "none"))
    get_user_model().objects.create_superuser("A")


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            "Person",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("password", models.CharField(max_length=128)),
                ("last_login", models.DateTimeField(null=True)),
                ("name", models.CharField(max_length=200, unique=True)),
            ],
        ),
        migrations.CreateModel(
            "Line", [("id", models.BigAutoField(primary_key=True)), ("text", models.CharField(max_length=200))]
        ),
        migrations.RunSQL(SQL),
        migrations.RunPython(fill),
    ]
""",
    "test_shop.py": """
import pytest
from shop.models import Line, Person


@pytest.mark.django_db
def test_rows():
    for row in Line.objects.order_by("pk"):
        print(f"|{row.text}|")
    for row in Person.objects.all():
        print(f"|{row.name}|")
""",
    "unrelated.py": "X = 1\n",
}


@pytest.fixture
def shop(project: Any) -> Any:
    settings = (project.folder / "settings.py").read_text(encoding="utf-8")
    project.write("settings.py", settings + SETTINGS)
    for name, text in FILES.items():
        project.write(name, text)
    return project


def test_stale_cluster_is_never_used(shop: Any) -> None:
    assert MIGRATED in shop.test("test_shop.py").output
    assert CACHED in shop.test("test_shop.py").output

    def changed(shown: str, **environ: str) -> None:
        output = shop.test("-s", "test_shop.py", **environ).output
        assert MIGRATED in output, shown
        assert f"|{shown}|" in output

    shop.write("shop/data.txt", "B")
    changed("data B")
    shop.write("shop/module.sql", FILES["shop/module.sql"].replace("sql A", "sql B"))
    changed("sql B")
    shop.write("shop/rows/b.txt", "B")
    changed("rows a.txt,b.txt")
    (shop.folder / "shop/rows/b.txt").rename(shop.folder / "shop/rows/c.txt")
    changed("rows a.txt,c.txt")
    shop.write("shop/switch", "")
    changed("exists TrueFalse")
    shop.write("shop/other", "")
    changed("exists TrueTrue")
    shop.write("shop/defaults.py", "NAME = 'B'\n")
    changed("defaults B")
    shop.write("shop/models.py", MODELS.replace("root ", "chief "))
    changed("chief A")
    changed("variable B", SHOP_NAME="B")
    # What nobody asked about changes nothing; and what was is still there.
    shop.write("unrelated.py", "X = 2\n")
    shop.write("shop/notes.txt", "")
    assert CACHED in shop.test("test_shop.py").output


def test_cluster_is_not_kept_if_a_file_changed_meanwhile(shop: Any) -> None:
    migration = FILES["shop/migrations/0001_initial.py"]
    shop.write(
        "shop/migrations/0001_initial.py",
        migration.replace(
            '    line.objects.create(text="data',
            '    (HERE / "data.txt").write_text("B")\n    line.objects.create(text="data',
        ),
    )
    done = shop.test("-s", "test_shop.py")
    assert "|data A|" in done.output
    assert "not kept: " in done.output and "data.txt was changed meanwhile" in done.output
    assert "|data B|" in shop.test("-s", "test_shop.py").output


def test_cluster_is_not_kept_if_a_migration_starts_a_program(shop: Any) -> None:
    migration = FILES["shop/migrations/0001_initial.py"]
    shop.write(
        "shop/migrations/0001_initial.py",
        migration.replace("    line = apps", '    import subprocess\n\n    subprocess.run(["true"])\n    line = apps'),
    )
    assert "not kept: it starts a program" in shop.test("test_shop.py").output


def test_djangos_runner_hears_what_was_read_before_it(shop: Any) -> None:
    shop.write("shop/models.py", MODELS.replace("HERE = ", "from shop.helper import DATA\n\nHERE = "))
    shop.write("test_shop.py", "")
    shop.write(
        "shop/tests.py",
        FILES["test_shop.py"]
        .replace(
            "@pytest.mark.django_db\ndef test_rows():",
            "from django.test import TestCase\n\n\nclass Rows(TestCase):\n  def test_rows(self):",
        )
        .replace("import pytest\n", ""),
    )
    run = ("-m", "django", "test", "shop")
    assert MIGRATED in shop.python(*run).output
    assert CACHED in shop.python(*run).output
    shop.write("shop/data.txt", "B")
    output = shop.python(*run).output
    assert MIGRATED in output and "|data B|" in output
