"""Judges changes of the library's schema, and lives with each: run with the addresses of two servers.

    python oracle.py SERVING THROWAWAY < CHANGES.json > FOUND.json

*CHANGES* maps a name to the Python source of a migration's operations; *FOUND* maps it to what the judge says, from a
copy on the throwaway server, beside the serving database and by rule, and to what then went wrong in truth.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

FAILED = "the change itself fails"

HEAD = """\
from django.contrib.postgres import indexes, operations as postgres
from django.db import migrations, models
from django.db.migrations.operations import *
from django.db.models import CASCADE, SET_NULL, ForeignKey, Q
from django.db.models.functions import Lower, Now
from library.own import *

ID = ("id", models.BigAutoField(primary_key=True, auto_created=True, serialize=False, verbose_name="ID"))


class Migration(migrations.Migration):
    dependencies = [("library", "0001_initial")]
    atomic = {atomic}
    operations = [{operations}]
"""


def main() -> None:
    serving, throwaway = sys.argv[1:]
    os.environ["DATABASE_URL"] = urlunsplit(urlsplit(serving)._replace(path="/template"))
    folder = tempfile.TemporaryDirectory()
    sys.path[:0] = [folder.name, str(Path(__file__).parent)]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from library import life

    admin = urlsplit(serving).username
    point(connection, NAME="postgres")
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE site LOGIN CREATEDB")
        cursor.execute("CREATE DATABASE template OWNER site")
    point(connection, NAME="template", USER="site")
    call_command("migrate", verbosity=0)
    life.seed()
    found = {}
    for number, (change, source) in enumerate(json.load(sys.stdin).items()):
        package = f"case{number}"
        write(Path(folder.name, package), source)
        importlib.invalidate_caches()
        database = f"case{number}"
        point(connection, NAME="postgres", USER=admin)
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE " + database + " TEMPLATE template OWNER site")
        point(connection, NAME=database, USER="site")
        found[change] = {**judge(connection, package, throwaway), "truth": truth(connection, package)}
        point(connection, NAME="postgres", USER=admin)
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE " + database + " WITH (FORCE)")
            cursor.execute("ALTER ROLE site RESET ALL")
        print(change, file=sys.stderr)
    json.dump(found, sys.stdout)


def point(connection: Any, **changes: str) -> None:
    connection.close()
    connection.settings_dict.update(changes)


def write(package: Path, source: str) -> None:
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "0001_initial.py").write_text("from library.migrations import *\n" + INITIAL)
    atomic = not source.startswith("non-atomic:")
    (package / "0002_change.py").write_text(HEAD.format(atomic=atomic, operations=source.removeprefix("non-atomic:")))


INITIAL = """\
import importlib

Migration = importlib.import_module("library.migrations.0001_initial").Migration
"""


def judge(connection: Any, package: str, throwaway: str) -> dict[str, Any]:
    from django.apps import apps
    from django.test import override_settings

    from ecluse.migrations import copies, pending, rehearse, uses

    own = uses.uses(apps.get_models(include_auto_created=True), connection)
    said: dict[str, Any] = {}
    with override_settings(MIGRATION_MODULES={"library": package}):
        with copies.copied(connection, None if os.environ.get("LIBRARY_BESIDE") else throwaway) as made:
            seen = rehearse.rehearse(made, own, {"default"})
        said["copy"] = [reason for one in seen for reason in one.unsafe]
        said["held"] = [[held.table, held.mode, held.reads, held.rewrites] for one in seen for held in one.held]
        drop(connection, throwaway)
        said["rules"] = [reason for one in pending.by_rule(connection, own) for reason in one.unsafe]
    return said


def drop(connection: Any, throwaway: str) -> None:
    settings = dict(connection.settings_dict)
    from ecluse.migrations.copies import address

    point(connection, **address(throwaway), NAME="postgres")
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS " + settings["NAME"] + " WITH (FORCE)")
        cursor.execute("DROP ROLE IF EXISTS site")
    point(connection, **{key: settings[key] for key in ("HOST", "PORT", "USER", "NAME", "PASSWORD")})


def truth(connection: Any, package: str) -> list[str]:
    from django.core.management import call_command
    from django.test import override_settings
    from library import life

    with override_settings(MIGRATION_MODULES={"library": package}):
        try:
            call_command("migrate", verbosity=0)
        except Exception as error:
            return [f"{FAILED}: {error}"]
    connection.close()
    return life.live()


if __name__ == "__main__":
    main()
