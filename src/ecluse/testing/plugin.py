"""The pytest plugin: a real PostgreSQL from nothing, for pytest-django and settings that read ``DATABASE_URL``.

A given ``DATABASE_URL`` is used as it is, by plain pytest-django: the plugin then does nothing at all.
"""

from __future__ import annotations

import os
import sys

import pytest

from ecluse.errors import EcluseError, ServiceError
from ecluse.services.order import DEFAULT, VARIABLE, parse
from ecluse.services.sources import own
from ecluse.testing.options import DatabaseOptions
from ecluse.testing.run_server import RUN, Databases, begin, is_given, takes_part

_SETTINGS = "DJANGO_SETTINGS_MODULE"
_URL = "DATABASE_URL"

_databases = pytest.StashKey[Databases]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ecluse", "PostgreSQL for Django's tests (ecluse)")
    group.addoption(
        "--postgres",
        metavar="ORDER",
        help=f"where PostgreSQL comes from: the first that can of {','.join(DEFAULT)} (also: {VARIABLE})",
    )
    group.addoption("--fresh-db", action="store_true", help="migrate a new database, whatever the cache has")
    parser.addini("ecluse_postgres", "the same as --postgres")
    parser.addini(
        "ecluse_ignore_settings",
        "names of settings that change from run to run, and do not decide what the database looks like",
        type="args",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Before pytest-django loads the settings: decide where the database is going to be."""
    options = parser.parse_known_args(args)
    settings = getattr(options, "ds", None) or os.environ.get(_SETTINGS) or _ini(early_config, _SETTINGS)
    if not settings or not early_config.pluginmanager.hasplugin("django"):
        return
    _begin(early_config, options.postgres, options.fresh_db or getattr(options, "create_db", False))


def pytest_configure(config: pytest.Config) -> None:
    # A worker of xdist learns of this plugin only after the hook above.
    if takes_part(os.environ) is not None:
        _begin(config, config.option.postgres, config.option.fresh_db or getattr(config.option, "create_db", False))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Django is set up: the connections that lead to our address get their test databases from us."""
    databases = session.config.stash.get(_databases, None)
    if databases is not None and "django" in sys.modules:
        from ecluse.testing.creation import adopt_all

        databases.keep_apart(os.environ)
        if not adopt_all(databases):
            databases.listen_no_more()


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    databases = config.stash.get(_databases, None)
    state = databases.state() if databases is not None else None
    if state is not None and terminalreporter.verbosity >= 0:
        for note in state.notes:
            terminalreporter.write_line(f"ecluse: {note}")


def _begin(config: pytest.Config, asked: str | None, fresh: bool) -> None:
    """Take part in the run whose worker this is, or begin one; do nothing where a database is given."""
    if _databases in config.stash:
        return
    order = _order(config, asked)
    if not own(order) or ("given" in order and is_given(os.environ)):
        return
    options = DatabaseOptions(
        order=own(order),
        environ=dict(os.environ),
        top=str(config.rootpath),
        fresh=fresh,
        ignored=tuple(config.getini("ecluse_ignore_settings")),
        command=tuple(config.invocation_params.args),
        replace="given" not in order,
    )
    try:
        databases = begin(options)
    except EcluseError as error:
        raise pytest.UsageError(f"{error}\nhint: {error.hint}") from None
    config.stash[_databases] = databases
    before = {name: os.environ.get(name) for name in (RUN, _URL)}
    if takes_part(os.environ) is None:
        os.environ[RUN] = f"{databases.lease.folder}:{os.getpid()}"
    os.environ[_URL] = databases.address

    def end() -> None:
        databases.end()
        databases.put_back(os.environ)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

    config.add_cleanup(end)
    if not getattr(config.known_args_namespace, "numprocesses", None) and takes_part(os.environ) is None:
        databases.hasten()


def _order(config: pytest.Config, asked: str | None) -> tuple[str, ...]:
    """The sources to try."""
    texts = {
        "--postgres": asked,
        VARIABLE: os.environ.get(VARIABLE),
        "ecluse_postgres": _ini(config, "ecluse_postgres"),
    }
    for where, text in texts.items():
        if text:
            try:
                return parse(text, where=where)
            except ServiceError as error:
                raise pytest.UsageError(f"{error}\nhint: {error.hint}") from None
    return DEFAULT


def _ini(config: pytest.Config, name: str) -> str | None:
    try:
        value = config.getini(name)
    except (KeyError, ValueError):  # pytest-django is not there to declare its own
        return None
    return str(value) if value else None
