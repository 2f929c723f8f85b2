"""A Django project to measure with: thirty models in six applications, brought about by thirty-eight migrations."""

from __future__ import annotations

from pathlib import Path

__all__ = ["APPLICATIONS", "MIGRATIONS", "MODELS", "generate"]

APPLICATIONS = 6
MODELS = 30
MIGRATIONS = 38

_PER_APPLICATION = MODELS // APPLICATIONS

_SETTINGS = """
import environ

SECRET_KEY = "only-for-benchmarks"
USE_TZ = True
DATABASES = {{"default": environ.Env().db()}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "urls"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    {applications}
]
"""

_TESTS = """
import pytest
from app0.models import Model0


@pytest.mark.django_db
def test_one_row():
    Model0.objects.create(name="one")
    assert Model0.objects.count() == 1
"""

_FIELDS = """            [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100, db_index=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("amount", models.DecimalField(max_digits=12, decimal_places=2, default=0)),
                ("slug", models.SlugField(unique=True, null=True)),
                ("active", models.BooleanField(default=True)),
                ("position", models.PositiveIntegerField(default=0)),
                ("email", models.EmailField(max_length=254, blank=True)),
                ("notes", models.TextField(blank=True)),
                ("owner", models.ForeignKey(settings.AUTH_USER_MODEL, django.db.models.deletion.CASCADE, null=True)),
{relation}            ],
            options={{"ordering": ["name"], "indexes": [models.Index(fields=["created"], name="{index}")]}},
"""


def generate(folder: Path) -> None:
    """Write the project to *folder*: settings.py, manage.py, the applications, and test_rows.py with one test."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"app{number}" for number in range(APPLICATIONS)]
    applications = "\n    ".join(f'"{name}",' for name in names)
    (folder / "settings.py").write_text(_SETTINGS.format(applications=applications), encoding="utf-8")
    (folder / "urls.py").write_text("urlpatterns = []\n", encoding="utf-8")
    (folder / "test_rows.py").write_text(_TESTS, encoding="utf-8")
    (folder / "test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
    (folder / "pytest.ini").write_text(
        "[pytest]\nDJANGO_SETTINGS_MODULE = settings\npythonpath = .\n", encoding="utf-8"
    )
    for number, name in enumerate(names):
        _application(folder / name, number)


def _application(folder: Path, number: int) -> None:
    migrations = folder / "migrations"
    migrations.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (migrations / "__init__.py").write_text("", encoding="utf-8")
    # One migration for each of the models, and one (or two: 38 = 6 * 5 + 8) that changes them.
    changes = 2 if number < MIGRATIONS - MODELS - APPLICATIONS else 1
    (folder / "models.py").write_text(_models(number, changes), encoding="utf-8")
    operations = [_create(number, model) for model in range(_PER_APPLICATION)]
    operations += [_change(change) for change in range(changes)]
    previous = ""
    for index, operation in enumerate(operations):
        name = f"{index + 1:04}_step"
        dependencies = [f'("app{number}", "{previous}")'] if previous else []
        if not previous:
            dependencies.append("migrations.swappable_dependency(settings.AUTH_USER_MODEL)")
        if number and not previous:
            dependencies.append(f'("app{number - 1}", "0001_step")')
        (migrations / f"{name}.py").write_text(_migration(dependencies, operation), encoding="utf-8")
        previous = name


def _migration(dependencies: list[str], operation: str) -> str:
    return (
        "import django.db.models.deletion\n"
        "from django.conf import settings\n"
        "from django.db import migrations, models\n\n\n"
        "class Migration(migrations.Migration):\n"
        f"    dependencies = [{', '.join(dependencies)}]\n"
        f"    operations = [\n{operation}    ]\n"
    )


def _parent(number: int, model: int) -> str | None:
    """Each model points to the one before it, and an application's first to the first of the application before."""
    if model:
        return f"app{number}.Model{model - 1}"
    return f"app{number - 1}.Model0" if number else None


def _create(number: int, model: int) -> str:
    parent = _parent(number, model)
    relation = (
        f'                ("parent", models.ForeignKey("{parent}", django.db.models.deletion.CASCADE, null=True)),\n'
        if parent
        else ""
    )
    fields = _FIELDS.format(relation=relation, index=f"created_{number}_{model}")
    return f'        migrations.CreateModel(\n            "Model{model}",\n{fields}        ),\n'


def _change(change: int) -> str:
    return "".join(
        f'        migrations.AddField("Model{model}", "extra{change}", models.TextField(blank=True, default="")),\n'
        for model in range(_PER_APPLICATION)
    )


def _models(number: int, changes: int) -> str:
    lines = ["from django.conf import settings", "from django.db import models", ""]
    for model in range(_PER_APPLICATION):
        parent = _parent(number, model)
        lines += [
            "",
            f"class Model{model}(models.Model):",
            "    id = models.BigAutoField(primary_key=True)",
            "    name = models.CharField(max_length=100, db_index=True)",
            "    created = models.DateTimeField(auto_now_add=True)",
            "    amount = models.DecimalField(max_digits=12, decimal_places=2, default=0)",
            "    slug = models.SlugField(unique=True, null=True)",
            "    active = models.BooleanField(default=True)",
            "    position = models.PositiveIntegerField(default=0)",
            "    email = models.EmailField(max_length=254, blank=True)",
            "    notes = models.TextField(blank=True)",
            "    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)",
        ]
        if parent:
            lines.append(f'    parent = models.ForeignKey("{parent}", models.CASCADE, null=True)')
        lines += [f'    extra{change} = models.TextField(blank=True, default="")' for change in range(changes)]
        index = f'models.Index(fields=["created"], name="created_{number}_{model}")'
        lines += ["", "    class Meta:", '        ordering = ["name"]', f"        indexes = [{index}]", ""]
    return "\n".join(lines)
