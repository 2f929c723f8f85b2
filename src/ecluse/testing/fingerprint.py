"""Everything that decides what a migrated database of this project looks like, each part by a name and a digest.

Two runs whose parts are the same may share a database. What the migrations import and read is not here, since it is not
known before they have run: see :mod:`ecluse.testing.dependencies`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType

from ecluse.testing.canonical import canonical, digest
from ecluse.testing.own_code import is_own
from ecluse.testing.values import attributes

if TYPE_CHECKING:
    from django.apps import AppConfig
    from django.db.models import Model

__all__ = ["fingerprint", "roots"]

# Keys are never part of a schema or of a migration's data, and often new in each process. Of the settings module it is
# the values that count, each a part of its own.
IGNORED_SETTINGS = frozenset({"SECRET_KEY", "SECRET_KEY_FALLBACKS", "SETTINGS_MODULE"})

# Where the database is: that of a test run is somewhere else each time.
_ADDRESS = ("HOST", "PORT", "USER", "PASSWORD")


def fingerprint(server: Mapping[str, str], template: str, *, top: str, ignored: Iterable[str] = ()) -> dict[str, str]:
    """The parts. *server* describes the PostgreSQL, *template* is the name of the migrated database (or several).

    *ignored* are names of further settings to leave out. Django must be set up.
    """
    import django
    from django.conf import settings

    parts = {
        "Python": "%d.%d" % sys.version_info[:2],
        "flags of Python": str(sys.flags.optimize),
        "Django": django.get_version(),
        "name of the database": template,
        "installed packages": digest("\n".join(_distributions())),
        **server,
    }
    left_out = IGNORED_SETTINGS | set(ignored)
    # dir() on the LazySettings itself would read each of them through a cache of its own.
    holder = vars(settings)["_wrapped"]
    for name in sorted(dir(holder)):
        if name.isupper() and name not in left_out:
            value = getattr(holder, name)
            value = _databases(value) if name == "DATABASES" else value
            parts[f"setting {name}"] = digest(canonical(value, top=top))
    unmigrated = _unmigrated()
    for app in _applications():
        parts[f"application {app.label}"] = digest(attributes(app).replace(top, "<top>"))
        parts[f"migrations of {app.label}"] = digest(canonical(list(_migration_files(app)), top=top))
        whole = app.label in unmigrated
        parts[f"models of {app.label}"] = digest(canonical([_model(model, whole) for model in _models(app)], top=top))
    parts["signal handlers"] = digest(canonical(sorted(_handlers())))
    return parts


def roots() -> set[str]:
    """The modules that a migration's outcome starts from: migrations, handlers of its signals, routers, backends."""
    from django.conf import settings

    names = {name for app in _applications() for name in _migration_modules(app)}
    engines = {str(database.get("ENGINE", "")) for database in settings.DATABASES.values()}
    names |= {f"{engine}.{part}" for engine in engines for part in ("base", "creation", "operations", "schema")}
    routers = [router for router in settings.DATABASE_ROUTERS if isinstance(router, str)]
    return names | {name.partition(":")[0] for name in _handlers()} | {name.rpartition(".")[0] for name in routers}


def _applications() -> list[AppConfig]:
    from django.apps import apps

    return sorted(apps.get_app_configs(), key=lambda app: app.label)


def _distributions() -> Iterator[str]:
    """Name and version of every installed package: the names of their metadata folders, which costs no reading."""
    for folder in dict.fromkeys(sys.path):
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        yield from sorted(name for name in names if name.endswith((".dist-info", ".egg-info")))


def _databases(databases: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    cleaned = {}
    for alias, database in databases.items():
        options = {key: value for key, value in database.get("OPTIONS", {}).items() if key != "host"}
        rest = {key: value for key, value in database.items() if key not in (*_ADDRESS, "OPTIONS")}
        # A worker's name (test_x_gw0) is not the template's, which is a part of its own.
        rest["TEST"] = {key: value for key, value in rest.get("TEST", {}).items() if key != "NAME"}
        cleaned[alias] = {**rest, "OPTIONS": options}
    return cleaned


def _migration_package(app: AppConfig) -> tuple[str, str] | None:
    """Name and folder of the application's migrations; None where it has none, or is not to use them."""
    from django.db.migrations.loader import MigrationLoader

    name, _explicit = MigrationLoader.migrations_module(app.label)
    if name is None:
        return None
    if name == f"{app.name}.migrations":  # the usual place, found without the import system
        return name, os.path.join(app.path, "migrations")
    from importlib.util import find_spec

    spec = find_spec(name)
    return (name, next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def _migration_modules(app: AppConfig) -> list[str]:
    package = _migration_package(app)
    if package is None or not os.path.isdir(package[1]):
        return []
    files = (entry for entry in os.listdir(package[1]) if entry.endswith(".py"))
    return [package[0], *(f"{package[0]}.{file[:-3]}" for file in sorted(files) if file != "__init__.py")]


def _migration_files(app: AppConfig) -> Iterator[tuple[str, str]]:
    """Every file in the folder of the application's migrations, with its state: SQL and data stand there too."""
    package = _migration_package(app)
    if package is None:
        return
    for folder, folders, files in os.walk(package[1]):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            path = os.path.join(folder, name)
            yield os.path.relpath(path, package[1]), _state(path)


def _state(path: str) -> str:
    if is_own(path):
        with open(path, "rb") as file:
            return digest(file.read())
    # An installed package's files: its version is known, and size and time tell a forced installation of the same one.
    state = os.stat(path)
    return f"{state.st_size} {state.st_mtime_ns}"


def _unmigrated() -> set[str]:
    """Labels of the applications whose tables are made from the models themselves."""
    from django.conf import settings

    without = any(database.get("TEST", {}).get("MIGRATE") is False for database in settings.DATABASES.values())
    return {app.label for app in _applications() if without or not _migration_modules(app)}


def _models(app: AppConfig) -> list[type[Model]]:
    return sorted(app.get_models(include_auto_created=True), key=lambda model: model.__name__)


def _model(model: type[Model], whole: bool) -> list[Any]:
    """The part of *model* that gets into a database: rows of content types and permissions, and with *whole* its
    table.
    """
    meta = model._meta
    rows = [meta.model_name, meta.verbose_name, meta.default_permissions, meta.permissions, meta.managed, meta.proxy]
    if not whole:
        return rows
    fields = [field.deconstruct() for field in meta.local_fields + meta.local_many_to_many]
    constraints = [item.deconstruct() for item in (*meta.constraints, *meta.indexes)]
    together = [meta.unique_together, getattr(meta, "index_together", ())]
    return [*rows, meta.db_table, meta.db_tablespace, fields, constraints, together]


def _handlers() -> Iterator[str]:
    """module:name of everything that runs before or after migrations."""
    from django.db.models.signals import post_migrate, pre_migrate

    for signal in (pre_migrate, post_migrate):
        for receiver in signal.receivers:
            function = receiver[1]
            function = function() if isinstance(function, ReferenceType) else function
            if function is not None:
                owner = function if hasattr(function, "__qualname__") else type(function)
                yield f"{owner.__module__}:{owner.__qualname__}"
