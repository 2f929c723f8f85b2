"""Load a project's settings in its own Python, and write down what they asked for and what they are.

    python ask_settings.py [--check] ANSWER FOLDER [SETTINGS]

ANSWER is the file that gets the answer as JSON; FOLDER has manage.py. Without SETTINGS, manage.py is executed up to the
call of Django's command line, so that everything that it does before (paths, .env files) has been done. With --check,
Django's own checks are run too: they import the URLs, the views, and whatever these read.

Only the standard library, Django and the project are imported. Runs on every Python that the project may ask for.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import runpy
import sys
import traceback
from collections.abc import Iterator
from typing import Any

CHECK = sys.argv[1] == "--check"
ARGUMENTS = sys.argv[2 if CHECK else 1 :]
ANSWER, FOLDER = os.path.abspath(ARGUMENTS[0]), os.path.abspath(ARGUMENTS[1])
ROOT = os.path.abspath(os.environ.get("ECLUSE_TOP", FOLDER))
SETTINGS = ARGUMENTS[2] if len(ARGUMENTS) > 2 else ""
asked: dict[str, bool] = {}
opened: set[str] = set()


class Watched(os._Environ[str]):
    """``os.environ``, which remembers what the project's own code asks for, last one last."""

    def note(self, key: str) -> None:
        frame, files = sys._getframe(2).f_back, [sys._getframe(2).f_code.co_filename]
        while frame and len(files) < 12:
            files.append(frame.f_code.co_filename)
            frame = frame.f_back
        if any(is_own(name) for name in files):
            asked.pop(key, None)
            asked[key] = not os._Environ.__contains__(self, key)

    def __getitem__(self, key: str) -> str:
        if isinstance(key, str):
            self.note(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        if isinstance(key, str):
            self.note(key)
        try:
            return super().__getitem__(key)
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        if isinstance(key, str):
            self.note(key)
        return super().__contains__(key)


def is_own(name: str) -> bool:
    """Whether *name* is a file of the project, and not of a package that is installed below it."""
    return name.startswith(ROOT + os.sep) and "site-packages" not in name and "<" not in name


def hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str):
        path = os.path.abspath(arguments[0])
        if is_own(path) and not path.endswith((".pyc", os.path.basename(ANSWER))):
            opened.add(path)


class Stop(Exception):
    """Django's command line has been called: manage.py has done what it does before."""


def settings_of_manage() -> str:
    import django.core.management as management

    def called(*arguments: object, **keywords: object) -> None:
        raise Stop

    before = management.execute_from_command_line
    management.execute_from_command_line = called
    try:
        runpy.run_path(os.path.join(FOLDER, "manage.py"), run_name="__main__")
    except Stop:
        pass
    finally:
        management.execute_from_command_line = before
    return os.environ.get("DJANGO_SETTINGS_MODULE", "")


def keep_logs_away() -> None:
    """Have log files opened without writing: a question changes nothing, and their folder need not be there."""
    from logging import FileHandler

    FileHandler._open = lambda self: open(os.devnull, "a", encoding="utf-8")  # type: ignore[method-assign]


def plain(value: object) -> Any:
    """*value* where JSON can hold it, else its text."""
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    return str(value)


def facts(settings: Any) -> dict[str, Any]:
    import django

    names = (
        "DATABASES DEBUG ALLOWED_HOSTS STATIC_ROOT STATIC_URL MEDIA_ROOT MEDIA_URL STORAGES STATICFILES_STORAGE "
        "WSGI_APPLICATION ASGI_APPLICATION INSTALLED_APPS MIDDLEWARE CACHES TEST_RUNNER ROOT_URLCONF LOCALE_PATHS "
        "STATICFILES_DIRS SECURE_SSL_REDIRECT SECRET_KEY_FALLBACKS EMAIL_BACKEND FORCE_SCRIPT_NAME "
        "CELERY_BROKER_URL BROKER_URL CELERY_TASK_ALWAYS_EAGER CHANNEL_LAYERS DATABASE_ROUTERS APPEND_SLASH "
        "CACHEOPS_REDIS HUEY"
    ).split()
    found = {name: plain(getattr(settings, name, None)) for name in names}
    for database in found["DATABASES"].values():
        database.pop("CONN_HEALTH_CHECKS", None)
    files = [str(module.__file__) for module in list(sys.modules.values()) if getattr(module, "__file__", None)]
    return {
        "django": django.get_version(),
        "python": "%d.%d.%d" % sys.version_info[:3],
        "settings": found,
        "modules": sorted(os.path.relpath(file, ROOT) for file in files if is_own(os.path.abspath(file))),
        "folders": sorted(set(folders([getattr(settings, name) for name in names_of(settings)]))),
        "services": {kind: sorted(settings_of_service(settings, kind, pattern)) for kind, pattern in SERVICES.items()},
    }


# The kinds of services, and how a setting names each: by an address, or by a class that talks to one.
SERVICES = {"redis": r"rediss?://|.*redis\w*\.\w*\.?Redis", "rabbitmq": r"(py)?amqps?://"}


def settings_of_service(settings: Any, kind: str, pattern: str) -> Iterator[str]:
    for name in names_of(settings):
        value = getattr(settings, name)
        if names_a_service(value, pattern) or (kind.upper() in name and value):
            yield name


def names_a_service(value: object, pattern: str) -> bool:
    """Whether a setting has an address of a service, or a class that talks to one, at any depth."""
    if isinstance(value, str):
        return re.match(pattern, value) is not None
    if isinstance(value, dict):
        return any(names_a_service(item, pattern) for item in value.values())
    return isinstance(value, (list, tuple, set)) and any(names_a_service(item, pattern) for item in value)


def names_of(settings: Any) -> list[str]:
    """The settings that are there; an empty SECRET_KEY raises."""
    return [name for name in dir(settings) if name.isupper() and name != "SECRET_KEY" and hasattr(settings, name)]


def folders(value: object) -> Iterator[str]:
    """The paths in a setting that lead into the repository, from its top."""
    if isinstance(value, (str, os.PathLike)):
        path = os.fspath(value)
        if isinstance(path, str) and os.path.isabs(path) and os.path.realpath(path).startswith(os.path.realpath(ROOT)):
            yield os.path.relpath(os.path.realpath(path), os.path.realpath(ROOT))
    elif isinstance(value, dict):
        for item in value.values():
            yield from folders(item)
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from folders(item)


def replace_missing_drivers(settings: Any) -> None:
    """Have databases whose driver is not installed be PostgreSQL: the applications load all the same."""
    from importlib import import_module

    for database in settings.DATABASES.values():
        try:
            import_module(database["ENGINE"] + ".base")
        except Exception:  # ImproperlyConfigured, or whatever a driver's own import raises
            database.update(ENGINE="django.db.backends.postgresql", OPTIONS={})


def celery(settings: Any, settings_module: str) -> dict[str, Any] | None:
    """The project's Celery application: where it is, its broker, whether something runs at fixed times, and the setting
    with which tasks run at once; None where there is none.
    """
    try:
        from celery import Celery
        from celery.beat import PersistentScheduler
    except ImportError:
        return None
    package = settings_module.partition(".")[0]
    for name in (f"{package}.celery", f"{package}.celery_app"):
        if importlib.util.find_spec(package) and importlib.util.find_spec(name):
            importlib.import_module(name)
    for name, module in sorted(sys.modules.items(), key=lambda item: len(item[0])):
        file = getattr(module, "__file__", None)
        if not file or not is_own(os.path.abspath(file)):
            continue
        for attribute, value in list(vars(module).items()):
            if isinstance(value, Celery):
                reads_settings = "django.conf" in str(getattr(value, "_config_source", None))
                prefix = getattr(value, "namespace", None)
                usual = value.conf.beat_scheduler in (None, "", "celery.beat:PersistentScheduler", PersistentScheduler)
                in_database = "django_celery_beat" in settings.INSTALLED_APPS
                in_tables = "django_celery_beat.schedulers:DatabaseScheduler"
                return {
                    "app": f"{name}:{attribute}",
                    "broker": plain(value.conf.broker_url),
                    "beat": bool(value.conf.beat_schedule) or in_database,
                    "scheduler": (in_tables if in_database else "celery.beat:Scheduler") if usual else "",
                    "always_eager": bool(value.conf.task_always_eager),
                    "eager": (
                        (f"{prefix}_TASK_ALWAYS_EAGER" if prefix else "CELERY_ALWAYS_EAGER") if reads_settings else ""
                    ),
                }
    return None


def unmigrated() -> dict[str, bool]:
    """The applications with tables and without migrations, and whether Django's `migrate` fails for want of each."""
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    tables = [model for model in apps.get_models() if model._meta.managed and not model._meta.proxy]
    # A folder for migrations may be in git, and the migrations not: Django calls such an application migrated.
    without = {model._meta.app_label for model in tables} - {label for label, _ in loader.disk_migrations}
    found = dict.fromkeys(without, False)
    for model in tables:
        if model._meta.app_label in without:
            # https://docs.djangoproject.com/en/stable/topics/migrations/#dependencies
            if any(parent._meta.app_label not in without for parent in model._meta.parents):
                found[model._meta.app_label] = True
        else:
            for field in model._meta.local_fields + model._meta.local_many_to_many:
                label = field.related_model._meta.app_label if field.related_model else ""
                if label in found:
                    found[label] = True
    return found


def check() -> dict[str, Any] | None:
    """The failure of Django's own checks; None where they pass."""
    from django.core import checks

    try:
        serious = [one for one in checks.run_checks() if one.is_serious() and not one.is_silenced()]
    except BaseException as error:  # noqa: B036 - whatever a project raises is an answer
        return failure(error)
    text = "\n".join(str(one) for one in serious)
    return dict(failure(Exception(text)), kind="SystemCheckError") if serious else None


def failure(error: BaseException) -> dict[str, Any]:
    """*error* as the answer has it: with the place in the project that it went through last."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_own(os.path.abspath(frame.filename))]
    cause = error.__cause__ or error
    return {
        "kind": type(error).__name__,
        "text": str(error)[:2000] + (f": {cause}"[:500] if cause is not error else ""),
        "module": getattr(error, "name", None) if isinstance(error, ImportError) else None,
        "file": getattr(error, "filename", None) if isinstance(error, OSError) else None,
        "place": f"{os.path.relpath(frames[-1].filename, ROOT)}:{frames[-1].lineno}" if frames else "",
    }


def main() -> None:
    answer: dict[str, Any] = {"ok": False}
    os.chdir(FOLDER)
    sys.argv = ["manage.py", "check"]
    sys.path[0] = FOLDER
    environ: Any = os.environ
    names = (environ.encodekey, environ.decodekey, environ.encodevalue, environ.decodevalue)
    os.environ = Watched(environ._data, *names)  # noqa: B003 - the same values, watched
    os.getenv = os.environ.get
    if hasattr(sys, "addaudithook"):
        sys.addaudithook(hear)
    try:
        import django

        keep_logs_away()
        module = SETTINGS or settings_of_manage()
        answer["module"] = module
        if SETTINGS:
            os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
        from django.conf import settings

        settings.INSTALLED_APPS
        answer["loaded"] = True
        answer.update(facts(settings))
        replace_missing_drivers(settings)
        django.setup()
        settings.SECRET_KEY  # raises where it is empty: a request would
        answer.update(dict(facts(settings), settings=answer["settings"]), unmigrated=unmigrated())
        answer.update(celery=celery(settings, module), ok=True)
        answer["unchecked"] = check() if CHECK else None
    except BaseException as error:  # noqa: B036 - whatever a project raises is an answer
        answer["error"] = failure(error)
    answer["asked"] = asked
    answer["opened"] = sorted(os.path.relpath(path, ROOT) for path in opened)
    with open(ANSWER, "w", encoding="utf-8") as file:
        json.dump(answer, file)
    sys.stdout.flush()
    os._exit(0)  # threads that a project has started are of no interest


main()
