"""The databases of a project that have migrations: the default one, and those that its routers send some to."""

from __future__ import annotations

from typing import Any

__all__ = ["create", "migrated", "missing"]


def migrated() -> list[Any]:
    """The connections of the databases to judge and to migrate, the default one first.

    Another one counts where a router says so, or has a table of migrations already; not a replica, and not a second
    name of one that counts.
    """
    from django.conf import settings
    from django.db import DEFAULT_DB_ALIAS, connections, router

    found, known = [], set()
    for alias in sorted(connections, key=lambda one: one != DEFAULT_DB_ALIAS):
        connection = connections[alias]
        if alias != DEFAULT_DB_ALIAS:
            mirror = (connection.settings_dict.get("TEST") or {}).get("MIRROR")
            if mirror or not settings.DATABASE_ROUTERS or not _has_models(alias, router):
                continue
        address = _address(connection)
        if address not in known:
            known.add(address)
            found.append(connection)
    return [one for one in found if not _standby(one)]


def missing(connection: Any) -> bool:
    """Whether the server says that it has no such database."""
    from django.db import OperationalError

    try:
        connection.ensure_connection()
    except OperationalError as error:
        # invalid_catalog_name, which some drivers only print:
        # https://www.postgresql.org/docs/current/errcodes-appendix.html
        code = getattr(error.__cause__, "sqlstate", None) or getattr(error.__cause__, "pgcode", None)
        return code == "3D000" or (connection.vendor == "postgresql" and "does not exist" in str(error))
    return False


def create(connection: Any) -> None:
    """Make the database of *connection* on its server."""
    name = connection.settings_dict["NAME"]
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {connection.ops.quote_name(name)}")


def _has_models(alias: str, router: Any) -> bool:
    """Whether a router sends a model with migrations to the database *alias*, rather than leaving it to Django."""
    from django.apps import apps

    for model in apps.get_models(include_auto_created=True):
        for one in router.routers:
            decide = getattr(one, "allow_migrate", None)
            allowed = None
            if decide is not None:
                allowed = decide(alias, model._meta.app_label, model_name=model._meta.model_name, model=model)
            if allowed is not None:
                if allowed:
                    return True
                break
    return False


def _address(connection: Any) -> tuple[Any, ...]:
    settings = connection.settings_dict
    if not settings.get("NAME"):  # a service of libpq, or Oracle's names: whatever the options say
        return connection.alias, repr(sorted(settings.get("OPTIONS", {}).items()))
    return tuple(str(settings.get(key, "")) for key in ("ENGINE", "HOST", "PORT", "NAME"))


def _standby(connection: Any) -> bool:
    """Whether the database only follows another one, and so takes no migration."""
    if connection.vendor != "postgresql" or connection.alias == "default" or missing(connection):
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        return bool(cursor.fetchone()[0])
