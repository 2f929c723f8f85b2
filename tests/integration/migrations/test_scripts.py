"""The program that judges and applies migrations, in a release's own Python: on the small project, with a real
database.
"""

from __future__ import annotations

import concurrent.futures
import json
import time

import psycopg2
import pytest

from ecluse.migrations.apply import ADVISORY_LOCK, LOCK_TIMEOUT
from ecluse.migrations.report_mark import MARK
from testbed.unpacked import Unpacked

pytestmark = pytest.mark.counted


def test_pending_migration_is_reported_with_its_sql(release: Unpacked) -> None:
    (pending,) = release.preflight()["pending"]
    assert (pending["name"], pending["unsafe"]) == ("shop.0001_initial", [])
    assert 'CREATE TABLE "shop_effect"' in pending["sql"]
    done = release.migrations("migrate")
    assert done.ok and "Applying shop.0001_initial... OK" in done.output
    found = release.preflight()
    assert (found["pending"], found["unknown"], found["behind"]) == ([], [], [])


def test_migration_without_sql_is_still_pending(release: Unpacked) -> None:
    release.migrations("migrate")
    asks = "migrations.RunPython(lambda apps, editor: apps.get_model('shop', 'Effect').objects.count())"
    release.migration("0002_asks", asks)
    release.migration("0003_looks", "Looks()", after="0002_asks")
    path = release.app / "shop" / "migrations" / "0003_looks.py"
    operation = "class Looks(migrations.RunSQL):\n    def __init__(self): super().__init__('SELECT 1')\n"
    operation += "    def database_forwards(self, *arguments): raise RuntimeError('there is no such row')\n"
    path.write_text(path.read_text().replace("class Migration", f"{operation}class Migration"))
    pending = {one["name"]: one["sql"] for one in release.preflight()["pending"]}
    assert pending.keys() == {"shop.0002_asks", "shop.0003_looks"}
    assert pending["shop.0003_looks"] == "-- cannot be shown: RuntimeError: there is no such row"


def test_applied_migration_unknown_to_the_release_is_named(release: Unpacked) -> None:
    release.migration("0002_later", "migrations.RunSQL('SELECT 1')")
    release.migrations("migrate")
    (release.app / "shop" / "migrations" / "0002_later.py").unlink()
    assert release.preflight()["unknown"] == ["shop.0002_later"]


def test_migrations_without_an_order_between_them_are_refused(release: Unpacked) -> None:
    release.migration("0002_left", "migrations.RunSQL('SELECT 1')")
    release.migration("0002_right", "migrations.RunSQL('SELECT 1')")
    done = release.migrations("preflight")
    assert done.returncode == 1
    assert "no order between them" in done.output and "0002_right" in done.output


def test_a_check_that_fails_is_reported(release: Unpacked) -> None:
    behaviour = (release.app / "shop" / "behaviour.py").read_text()
    release.write("behaviour.py", behaviour.replace("CHECKS = True", "CHECKS = False"))
    done = release.migrations("preflight")
    assert done.returncode == 1
    assert "shop.E001" in done.output and MARK not in done.output


def test_concurrent_migrations_run_one_after_the_other(release: Unpacked) -> None:
    other = psycopg2.connect(release.environ["DATABASE_URL"])
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        done = release.migrations("migrate")
    finally:
        other.close()
    assert done.returncode == 4
    assert "another migration of this database is under way" in done.output
    assert release.query("SELECT count(*) FROM pg_tables WHERE tablename = 'shop_effect'") == [(0,)]


def test_bundled_script_reports_as_the_modules_do(release: Unpacked) -> None:
    release.migrations("migrate", bundled=True)
    release.migration("0002_adds", "migrations.AddField('effect', 'x', models.IntegerField(default=1))")
    found = release.preflight("--serves", bundled=True)
    assert found == release.preflight("--serves")
    assert found["pending"][0]["unsafe"] == [
        "adds shop_effect.x, not null and without db_default: the serving release does not fill it"
    ]


def test_rehearsal_leaves_nothing_on_the_server(release: Unpacked) -> None:
    release.migrations("migrate")
    release.migration("0002_drops", "migrations.RunSQL('DROP TABLE shop_effect')")
    found = release.preflight("--serves")
    assert found["pending"][0]["unsafe"] == ["drops the table shop_effect"]
    assert found["how"] == [
        "default: tried on a copy of the schema, without rows, in a scratch database on the same server"
    ]
    assert release.query("SELECT datname FROM pg_database WHERE datname LIKE 'ecluse%'") == []
    assert release.query("SELECT count(*) FROM shop_effect") == [(0,)]


def test_throwaway_server_is_preferred(release: Unpacked, throwaway: str) -> None:
    release.migrations("migrate")
    release.migration("0002_drops", "migrations.RunSQL('DROP TABLE shop_effect')")
    found = release.preflight("--serves", "--server", throwaway)
    assert found["how"] == ["default: tried on a copy of the schema, without rows, in a throwaway server"]
    assert found["pending"][0]["unsafe"] == ["drops the table shop_effect"]


def test_locks_are_reported_with_what_would_not_block(release: Unpacked) -> None:
    release.migrations("migrate")
    index = "models.Index(fields=['token'], name='by_token')"
    release.migration("0002_index", f"migrations.AddIndex('effect', {index})")
    release.migration(
        "0003_wide", "migrations.RunSQL('ALTER TABLE shop_effect ALTER token TYPE varchar(3)')", after="0002_index"
    )
    release.migration(
        "0004_quiet",
        f"AddIndexConcurrently('effect', {index.replace('by_', 'also_')})",
        after="0003_wide",
        more="atomic = False",
    )
    found = release.judged()
    first, second = found["shop.0002_index"]["locks"]
    assert first.startswith("locks shop_effect against writing while it is read through: ")
    assert 'CREATE INDEX CONCURRENTLY "by_token" ON "shop_effect" ("token")' in second
    assert "against reading and writing while it is written anew" in found["shop.0003_wide"]["locks"][0]
    assert found["shop.0004_quiet"] | {"sql": ""} == {
        "name": "shop.0004_quiet",
        "database": "default",
        "sql": "",
        "unsafe": [],
        "locks": [],
        "notes": [],
        "one_way": [],
    }


PYTHON = """\
from django.db import migrations

def fills(apps, editor):
    apps.get_model("shop", "Effect").objects.update(token="x")

def asks(apps, editor):
    apps.get_model("shop", "Effect").objects.get(pk=1)

def writes(apps, editor):
    open("written", "w").close()

class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunPython(OPERATION)]
"""


def test_python_is_run_and_its_rows_are_not_judged(release: Unpacked) -> None:
    release.migrations("migrate")
    release.write("migrations/0002_python.py", PYTHON.replace("OPERATION", "fills"))
    found = release.judged()["shop.0002_python"]
    assert (found["unsafe"], found["notes"]) == ([], ["RunPython(fills): what it does to rows is not judged"])


SQL = """\
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunSQL(STATEMENTS)]
"""


def test_rows_that_sql_writes_are_not_judged_and_named(release: Unpacked) -> None:
    release.migrations("migrate")
    block = "DO $$ BEGIN UPDATE shop_effect SET token = 'x'; END $$"
    for statement in (
        "UPDATE \"shop_effect\" SET token = 'x'",
        block,
        "COMMENT ON TABLE shop_effect IS 'UPDATE shop_effect'",
    ):
        release.write("migrations/0002_sql.py", SQL.replace("STATEMENTS", repr(statement)))
        found = release.judged()["shop.0002_sql"]
        notes = [] if "COMMENT" in statement else ["it writes rows of shop_effect: what it writes is not judged"]
        assert (found["unsafe"], found["notes"]) == ([], notes)


@pytest.mark.parametrize(("operation", "why"), [("asks", "DoesNotExist"), ("writes", "it writes the file written")])
def test_python_that_cannot_be_tried_is_unsafe(release: Unpacked, operation: str, why: str) -> None:
    release.migrations("migrate")
    release.write("migrations/0002_python.py", PYTHON.replace("OPERATION", operation))
    (reason,) = release.judged()["shop.0002_python"]["unsafe"]
    assert reason.startswith(f"it could not be tried on a copy: RunPython({operation}): ") and why in reason
    assert not (release.app / "written").exists()


def test_handler_that_runs_after_migrating_is_judged(release: Unpacked) -> None:
    release.migrations("migrate")
    handler = "from django.apps import AppConfig\nfrom django.db import connections\n"
    handler += "from django.db.models.signals import post_migrate\n"
    handler += (
        "def drops(using, **options):\n    connections[using].cursor().execute('DROP TABLE IF EXISTS shop_effect')\n"
    )
    handler += "class Config(AppConfig):\n    name = 'shop'\n"
    handler += "    def ready(self): post_migrate.connect(drops, sender=self)\n"
    release.write("apps.py", handler)
    assert release.judged()["post_migrate"]["unsafe"] == ["drops the table shop_effect"]
    assert release.query("SELECT count(*) FROM shop_effect") == [(0,)]


def test_role_that_may_make_no_database_is_judged_by_rule(release: Unpacked) -> None:
    release.migrations("migrate")
    release.query("DROP ROLE IF EXISTS poor")
    release.query("CREATE ROLE poor LOGIN")
    try:
        release.query("GRANT ALL ON ALL TABLES IN SCHEMA public TO poor")
        release.environ["DATABASE_URL"] = release.environ["DATABASE_URL"].replace("postgres@", "poor@")
        release.migration("0002_sql", "migrations.RunSQL('SELECT 1')")
        found = release.preflight("--serves")
    finally:
        release.environ["DATABASE_URL"] = release.environ["DATABASE_URL"].replace("poor@", "postgres@")
        release.query("DROP OWNED BY poor")
        release.query("DROP ROLE poor")
    assert "may not make a database beside its own" in found["how"][0]
    assert "not known without a copy" in found["pending"][0]["unsafe"][0]


def test_squashed_migration_is_recorded_where_nothing_is_pending(release: Unpacked) -> None:
    release.migrations("migrate")
    first = (release.app / "shop" / "migrations" / "0001_initial.py").read_text()
    squashed = first.replace("initial = True", "initial = True\n    replaces = [('shop', '0001_initial')]")
    release.write("migrations/0001_squashed.py", squashed)
    assert release.preflight("--serves")["pending"] == []
    assert release.migrations("migrate").ok
    assert ("0001_squashed",) in release.query("SELECT name FROM django_migrations")
    release.remove("0001_initial")
    release.write("migrations/0001_squashed.py", first)
    assert release.preflight("--serves")["pending"] == [] and release.migrations("migrate").ok


def test_invalid_index_of_a_failed_attempt_is_dropped_first(release: Unpacked) -> None:
    release.migrations("migrate")
    release.query("INSERT INTO shop_effect (token) VALUES ('same'), ('same')")
    make = "migrations.RunSQL('CREATE UNIQUE INDEX CONCURRENTLY By_Token ON shop_effect (token)')"
    release.migration("0002_index", make, more="atomic = False")
    failed = release.migrations("migrate")
    assert not failed.ok and "DROP INDEX CONCURRENTLY By_Token" in failed.output
    release.query("UPDATE shop_effect SET token = id::text")
    done = release.migrations("migrate")
    assert done.ok and "dropping the invalid index public.by_token" in done.output
    assert release.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_token'::regclass") == [(True,)]


def test_concurrent_index_waits_longer_than_a_lock(release: Unpacked) -> None:
    release.migrations("migrate")
    make = "AddIndexConcurrently('effect', models.Index(fields=['token'], name='by_token'))"
    release.migration("0002_index", make, more="atomic = False")
    reader = psycopg2.connect(release.environ["DATABASE_URL"])
    reader.set_session(isolation_level="REPEATABLE READ")
    with reader.cursor() as cursor, concurrent.futures.ThreadPoolExecutor() as pool:
        cursor.execute("SELECT count(*) FROM django_migrations")  # a snapshot that the index has to wait for
        running = pool.submit(release.migrations, "migrate")
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%CONCURRENTLY%' AND wait_event_type = 'Lock' "
        )
        waiting += f"AND state_change < now() - interval '{LOCK_TIMEOUT + 1000} milliseconds'"
        while release.query(waiting) == [(0,)]:
            assert not running.done(), running.result().output
            time.sleep(0.1)
        reader.close()
        assert running.result().ok


ROUTER = """\
class Router:
    def db_for_read(self, model, **hints):
        return "stats" if model._meta.app_label == "stats" else None
    db_for_write = db_for_read
    def allow_migrate(self, db, app_label, **hints):
        return (app_label == "stats") == (db == "stats")
"""


@pytest.fixture
def second(release: Unpacked) -> Unpacked:
    """The project with a second database, which is not there yet, and an application that is in it."""
    settings = (release.app / "shop" / "settings.py").read_text()
    settings += "\nDATABASES['stats'] = {**DATABASES['default'], 'NAME': 'stats'}\n"
    settings += "DATABASE_ROUTERS = ['shop.router.Router']\nINSTALLED_APPS = [*INSTALLED_APPS, 'shop.stats']\n"
    release.write("settings.py", settings)
    release.write("router.py", ROUTER)
    release.write("stats/__init__.py", "")
    release.write("stats/migrations/__init__.py", "")
    model = "class Visit(models.Model):\n    who = models.TextField(null=True)\n    class Meta: app_label = 'stats'\n"
    release.write("stats/models.py", f"from django.db import models\n{model}")
    fields = "('id', models.BigAutoField(primary_key=True)), ('who', models.TextField(null=True))"
    operation = f"migrations.CreateModel('Visit', [{fields}])"
    text = "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    initial = True\n"
    release.write("stats/migrations/0001_initial.py", f"{text}    operations = [{operation}]\n")
    return release


def test_missing_database_is_named_or_made(second: Unpacked) -> None:
    done = second.migrations("preflight")
    assert done.returncode == 1 and "the database stats (stats) is not there: createdb stats" in done.output
    assert second.preflight("--make")["pending"][-1]["database"] == "stats"
    assert second.migrations("migrate", "--make").ok
    assert second.query("SELECT count(*) FROM stats_visit", "stats") == [(0,)]


def test_second_database_is_judged_and_migrated(second: Unpacked) -> None:
    second.query("CREATE DATABASE stats")
    assert second.migrations("migrate").ok
    text = "from django.db import migrations, models\nclass Migration(migrations.Migration):\n"
    text += (
        "    dependencies = [('stats', '0001_initial')]\n    operations = [migrations.RemoveField('visit', 'who')]\n"
    )
    second.write("stats/migrations/0002_drops.py", text)
    found = second.preflight("--serves")["pending"]
    mine = [one for one in found if one["database"] == "stats"]
    assert [(one["name"], one["unsafe"]) for one in mine] == [
        ("stats.0002_drops", ["drops the column stats_visit.who"])
    ]
    assert second.migrations("migrate").ok
    columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 'stats_visit'"
    assert second.query(columns, "stats") == [("id",)]


@pytest.mark.parametrize(
    ("operation", "reasons"),
    [
        ("migrations.AddField('effect', 'x', models.IntegerField(null=True))", []),
        (
            "migrations.AddField('effect', 'x', models.IntegerField(default=1))",
            ["adds shop_effect.x, not null and without db_default: the serving release does not fill it"],
        ),
        (
            "migrations.RunSQL('CREATE UNIQUE INDEX u ON shop_effect (token)')",
            ["adds a unique constraint u on shop_effect(token)"],
        ),
    ],
)
def test_release_that_comes_back_is_judged_by_what_is_there(
    release: Unpacked, operation: str, reasons: list[str]
) -> None:
    release.migration("0002_later", operation)
    assert release.migrations("migrate").ok
    release.remove("0002_later")
    found = release.preflight("--serves")
    assert (found["unknown"], found["behind"]) == (["shop.0002_later"], reasons)


def test_migration_that_the_serving_release_lives_with_is_known(release: Unpacked) -> None:
    release.migration("0002_later", "migrations.RunSQL('ALTER TABLE shop_effect DROP token')")
    assert release.migrations("migrate").ok
    release.remove("0002_later")
    facts = release.preflight("--serves")["facts"]
    path = release.folder / "facts.json"
    path.write_text(json.dumps(facts))
    assert release.preflight("--serves", "--facts", str(path))["behind"] == []
