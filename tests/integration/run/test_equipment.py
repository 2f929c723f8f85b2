"""A project with none of the tool's packages in its environments: its tests get a PostgreSQL all the same."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ecluse.machine import process

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).parents[3] / "src"

# Older than what the tool itself needs; and neither rich nor docker.
PACKAGES = ("click==8.1.7", "Django==5.2.*", "pytest", "pytest-django", "psycopg2-binary")

FILES = {
    "settings.py": """
import os
from urllib.parse import parse_qs, urlsplit

url = urlsplit(os.environ.get("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"))
SECRET_KEY, INSTALLED_APPS = "only-for-tests", ["django.contrib.contenttypes"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path[1:],
        "USER": url.username,
        "HOST": parse_qs(url.query).get("host", [url.hostname])[0],
        "PORT": url.port or "",
    }
}
""",
    "test_it.py": """
import click
import pytest
from django.db import connection


@pytest.mark.django_db
def test_it():
    assert click.__version__ == "8.1.7"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert cursor.fetchone()[0].startswith("18")
""",
    "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = settings\npythonpath = .\naddopts = -p no:cacheprovider\n",
    # Nothing that is passed on, and a PYTHONPATH of its own.
    "tox.ini": "[tox]\nskipsdist = true\n[testenv]\nskip_install = true\nset_env =\n    PYTHONPATH = {toxinidir}\n"
    f"deps =\n    {chr(10).join(PACKAGES).replace(chr(10), chr(10) + '    ')}\ncommands = pytest {{posargs}}\n",
    "pipeline.py": """
from ecluse import Job, Pipeline, Service, command

pipeline = Pipeline(
    name="shop",
    services=(Service(name="db", kind="postgres", version="18", sources=("embedded",)),),
    jobs=(
        Job(name="direct", steps=(command("venv/bin/python", "-m", "pytest"),), services=("db",)),
        Job(name="through-tox", steps=(command("tox", "run", "-e", "py"),), services=("db",)),
    ),
)
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    process.run(("git", "init", "--quiet", str(folder)))
    uv = (sys.executable, "-m", "uv")
    process.run((*uv, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")))
    process.run((*uv, "pip", "install", "--quiet", "--python", str(folder / "venv"), *PACKAGES))
    return folder


def ecluse(project: Path, *arguments: str) -> process.Completed:
    """The tool as it is where it was installed: nothing of it is on anybody's PYTHONPATH."""
    started = f"import sys; sys.path.insert(0, {str(SOURCE)!r}); from ecluse.cli import main; sys.exit(main())"
    ours = ("COVERAGE_", "DATABASE_", "DJANGO_", "ECLUSE_", "PYTEST_", "PYTHON", "TOX")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    argv = (sys.executable, "-P", "-c", started, *arguments)
    return process.run(argv, cwd=project, env=environ, check=False, timeout=900)


@pytest.mark.parametrize("job", ["direct", "through-tox"])
def test_job_has_a_postgresql_with_only_a_driver_installed(project: Path, job: str) -> None:
    done = ecluse(project, "run", job)
    log = max((project / ".ecluse" / "runs").iterdir()) / "logs" / f"{job}.log"
    text = log.read_text(encoding="utf-8")
    assert done.ok, text
    assert "1 passed" in text
    assert "ecluse: PostgreSQL 18" in text


def test_ecluse_test_gives_tox_the_plugin_too(project: Path) -> None:
    done = ecluse(project, "test", "-e", "py")
    assert done.ok, done.output
    assert "ecluse: PostgreSQL 18" in done.output


def test_packages_of_the_tool_are_not_on_the_path(project: Path) -> None:
    ecluse(project, "run", "direct")
    names = {path.name for path in (project / ".ecluse" / "plugin").iterdir()}
    assert names == {"ecluse", "ecluse_equipment-0.dist-info"}
