"""Settings from outside, for every Python process of a project: its manage.py, its tests, its server.

Python imports this file by its name when it starts, where its folder is on PYTHONPATH. ``outside.json`` beside it has

    overrides   settings that are set once the project's settings module has been loaded. A text ``$NAME`` stands for
                the environment variable NAME, and is left out where there is none. Keys are added to a mapping, and
                values to a list, that the settings have
    database    variables that get a part of DATABASE_URL each before the settings are loaded: {"DB_HOST": "host"}
    outside     whether DATABASES["default"] is replaced by DATABASE_URL, for a project without a switch of its own
    services    by the variable that has a service's address: the settings that are set *without* the service, and the
                *placeholder* that leads to none. With the service, the settings' addresses of its kind become its own

A log file of the settings may name a folder that is not in the repository: it is made when the file is opened.

The settings module itself stays as it is, so what reads it while it loads finds it as ever. Nothing but the standard
library is imported. Another sitecustomize, further on the path, is executed too.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import json
import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))


def parts(url: str) -> dict[str, str]:
    """The parts of a database's address by name: ``url``, ``name``, ``host``, ``port``, ``user``, ``password``."""
    from urllib.parse import parse_qs, unquote, urlsplit

    split = urlsplit(url)
    folder = parse_qs(split.query).get("host", [""])[0]
    return {
        "url": url,
        "name": unquote(split.path.lstrip("/")),
        "host": folder or split.hostname or "",
        "port": str(split.port or ("" if folder else 5432)),
        "user": unquote(split.username or ""),
        "password": unquote(split.password or ""),
    }


def launcher() -> Any:
    """The function that begins the database of ``manage.py test``, in the process of that command."""
    if os.environ.get("ECLUSE_TESTS") != "django" or sys.argv[1:2] != ["test"]:
        return None
    return importlib.import_module("ecluse.testing.launch")


def publish(described: dict[str, Any]) -> None:
    """Give the address in DATABASE_URL to the project's own variables, before its settings read them."""
    url = os.environ.get("DATABASE_URL")
    if url:
        address = parts(url)
        for name, part in described.get("database", {}).items():
            os.environ[name] = address[part]


def override(settings: Any, described: dict[str, Any]) -> None:
    """Set what is set from outside, once the project's settings module has been loaded."""
    set_all(settings, described.get("overrides", {}))
    for variable, service in described.get("services", {}).items():
        url = os.environ.get(variable)
        if url and url != service["placeholder"]:
            led_to = importlib.import_module("ecluse_services").led_to
            own = {name: value for name, value in vars(settings).items() if name.isupper()}
            for name, value in led_to(url, own).items():
                put(settings, name, value)
        else:
            set_all(settings, service["without"])
    url = os.environ.get("DATABASE_URL")
    if described.get("outside") and url:
        databases = dict(getattr(settings, "DATABASES", {}) or {})
        databases["default"] = replaced(databases.get("default", {}), parts(url))
        put(settings, "DATABASES", databases)


def set_all(settings: Any, overrides: dict[str, Any]) -> None:
    """Set each of *overrides*, in its place or added to what *settings* have."""
    for name, value in overrides.items():
        if isinstance(value, str) and value.startswith("$"):
            value = os.environ.get(value[1:])
            if value is None:
                continue
        if isinstance(value, dict) and isinstance(getattr(settings, name, None), dict):
            value = dict(getattr(settings, name), **value)
        if isinstance(value, list) and isinstance(getattr(settings, name, None), (list, tuple)):
            there = list(getattr(settings, name))
            value = [*there, *(item for item in value if item not in there)]
        put(settings, name, value)


def replaced(before: dict[str, Any], address: dict[str, str]) -> dict[str, Any]:
    """The default database at *address*, with what of *before* holds for every kind of database."""
    kept: dict[str, Any] = {
        name: before[name] for name in ("ATOMIC_REQUESTS", "CONN_MAX_AGE", "TIME_ZONE") if name in before
    }
    keys = ("NAME", "HOST", "PORT", "USER", "PASSWORD")
    # A package's own engine for PostgreSQL stays, as that of django-tenants; Django's old name for its own does not.
    engine = str(before.get("ENGINE", ""))
    if "postgresql" not in engine or engine.endswith("_psycopg2"):
        engine = "django.db.backends.postgresql"
    # The port of a server that is reached by a socket's folder is the usual one.
    return {**kept, "ENGINE": engine, **{key: address[key.lower()] for key in keys}}


def put(settings: Any, name: str, value: object) -> None:
    setattr(settings, name, value)
    explicit = getattr(settings, "_explicit_settings", None)
    if explicit is not None:
        explicit.add(name)


def make_folders_of_logs() -> None:
    """Have the folder of a log file made where there is none: repositories seldom have it, and Django would stop."""
    from logging import FileHandler

    opens = FileHandler._open

    def opened(self: FileHandler) -> Any:
        os.makedirs(os.path.dirname(self.baseFilename), exist_ok=True)
        return opens(self)

    FileHandler._open = opened  # type: ignore[method-assign]


class Loader(importlib.abc.Loader):
    """Loads ``django.conf``, and hooks into how it makes the settings."""

    def __init__(self, loader: Any, described: dict[str, Any]) -> None:
        self.loader, self.described = loader, described

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self.loader.create_module(spec)
        return made

    def exec_module(self, module: Any) -> None:
        self.loader.exec_module(module)
        make_folders_of_logs()
        own, described = module.Settings.__init__, self.described

        def init(self: Any, settings_module: str) -> None:
            launch = launcher()
            if launch is not None:
                launch.begin_early()
            publish(described)
            own(self, settings_module)
            override(self, described)
            if launch is not None:
                launch.use_own_runner(self)

        module.Settings.__init__ = init

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)


class Finder(importlib.abc.MetaPathFinder):
    """Finds ``django.conf`` once, and leaves."""

    def __init__(self, described: dict[str, Any]) -> None:
        self.described = described

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "django.conf":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            spec.loader = Loader(spec.loader, self.described)
        return spec


def go_on() -> None:
    """Execute the sitecustomize that this one hides."""
    rest = [folder for folder in sys.path if os.path.abspath(folder or ".") != HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", rest)
    if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
        module = type(sys)("sitecustomize")
        module.__spec__, module.__file__ = spec, spec.origin
        spec.loader.exec_module(module)


def main() -> None:
    try:
        with open(os.path.join(HERE, "outside.json"), encoding="utf-8") as file:
            described = json.load(file)
    except FileNotFoundError:
        described = {}
    sys.meta_path.insert(0, Finder(described))
    go_on()


if __name__ == "sitecustomize":
    main()
