"""The pytest plugin, with real children of pytest and a real server."""

from __future__ import annotations

import io
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from ecluse.machine import identity, process
from ecluse.services.lease import Lease
from ecluse.services.throwaway import Server
from testbed.waiting import until

pytestmark = [pytest.mark.counted, pytest.mark.slow]

CACHED = "database from the cache"
MIGRATED = "migrated a new database"


def archives(project: Any) -> list[Path]:
    return sorted((project.folder / "cache" / "ecluse" / "clusters").glob("*.tar"))


def test_database_is_migrated_once_and_then_cached(project: Any) -> None:
    first = project.test("-s", "test_shop.py")
    assert MIGRATED in first.output
    assert "|Kind 20|Blue 20" in first.output
    second = project.test("-s", "test_shop.py")
    assert CACHED in second.output
    assert "|Kind 20|Blue 20" in second.output


def test_stale_database_is_never_used(project: Any) -> None:
    project.test("test_shop.py")

    def changed(what: str, shown: str = "|Kind 20|Blue 20", **environ: str) -> None:
        done = project.test("-s", "test_shop.py", **environ)
        assert MIGRATED in done.output
        assert what in done.output
        assert shown in done.output
        assert CACHED in project.test("test_shop.py", **environ).output

    changed("setting TIME_ZONE", ZONE="Asia/Tokyo")
    changed("Django", OTHER_DJANGO="1")
    project.write("titles.txt", "Blue Train\n")
    changed("titles.txt", "|Blue 20|Train 20")
    project.write("shop/rates.py", "VAT = 21\n")
    changed("rates.py", "|Blue 21|Train 21")
    migration = project.folder / "shop/migrations/0001_initial.py"
    project.write("shop/migrations/0001_initial.py", migration.read_text(encoding="utf-8").replace("{VAT}", "({VAT})"))
    changed("migrations of shop", "|Blue (21)|Train (21)")
    # Back at the first contents, the first rows are there again.
    project.write("shop/rates.py", "VAT = 20\n")
    project.write("titles.txt", "Kind Blue\n")
    project.write("shop/migrations/0001_initial.py", migration.read_text(encoding="utf-8").replace("({VAT})", "{VAT}"))
    done = project.test("-s", "test_shop.py")
    assert CACHED in done.output and "|Kind 20|Blue 20" in done.output


@pytest.mark.parametrize("option", ["--fresh-db", "--create-db"])
def test_fresh_database_option_skips_the_cache(project: Any, option: str) -> None:
    project.test("test_shop.py")
    assert "with a fresh database" in project.test(option, "test_shop.py").output


@pytest.mark.parametrize("cached", [False, True])
def test_workers_have_clones_on_one_server(project: Any, cached: bool) -> None:
    if cached:
        project.test("test_shop.py")
    done = project.test("-n", "3", "test_shop.py")
    assert "4 passed" in done.output
    assert (CACHED if cached else MIGRATED) in done.output
    assert done.output.count("ecluse: ") == 1


def test_concurrent_test_runs_have_separate_databases(project: Any) -> None:
    runs = [project.start("test_shop.py"), project.start("-n", "2", "test_shop.py")]
    try:
        assert [run.wait(120) for run in runs] == [0, 0], (project.folder / "output").read_text(encoding="utf-8")
    finally:
        for run in runs:
            process.stop(run)


WAITING = """
import os, time
import pytest

@pytest.mark.django_db
def test_for_ever():
    from pathlib import Path
    Path("reached.part").write_text(os.environ["ECLUSE_TEST_RUN"].rpartition(":")[0])
    Path("reached.part").rename("reached")
    time.sleep(600)
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_killed_run_leaves_nothing_behind(project: Any, workers: str) -> None:
    project.write("test_waiting.py", WAITING)
    run = project.start("-n", workers, "test_waiting.py")
    reached = project.folder / "reached"
    until(lambda: reached.exists() or run.poll() is not None, "its tests")
    folder = Path(reached.read_text(encoding="utf-8"))
    server = int((folder / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    until(lambda: not folder.exists(), "the end of the folder")
    until(lambda: not identity.runs(server), "the end of the server")


def test_a_given_server_is_used_as_it_is(project: Any) -> None:
    lease = Lease.take(os.environ)
    try:
        server = Server.of(lease, "18", os.environ)
        server.create()
        server.start()
        project.write("test_transactions.py", serialized(2))
        done = project.test("test_transactions.py", DATABASE_URL=server.url("database"))
        assert "2 passed" in done.output
        assert "ecluse: " not in done.output
        assert archives(project) == []
    finally:
        server.stop()
        lease.release()


def serialized(rows: int) -> str:
    """Tests that commit, and find the *rows* of the migrations again."""
    return f"""
import pytest
from shop.models import Album

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.mark.parametrize("time", range(2))
def test_it_commits(time):
    assert Album.objects.count() == {rows}
    Album.objects.create(title="committed")
"""


@pytest.mark.parametrize("arguments", [(), ("--reuse-db",), ("-n", "2")])
def test_transactions_and_serialized_rollback_work(project: Any, arguments: tuple[str, ...]) -> None:
    project.write("test_transactions.py", serialized(2))
    assert "2 passed" in project.test("test_transactions.py", *arguments).output
    assert "2 passed" in project.test("test_transactions.py", *arguments).output


def test_tables_without_migrations_are_made_from_the_models(project: Any) -> None:
    project.write("test_transactions.py", serialized(0))
    for _ in range(2):
        assert "2 passed" in project.test("--no-migrations", "test_transactions.py").output
    models = (project.folder / "shop/models.py").read_text(encoding="utf-8")
    project.write("shop/models.py", models + "    year = models.IntegerField(null=True)\n")
    assert MIGRATED in project.test("--no-migrations", "test_transactions.py").output


def test_projects_with_several_databases_are_supported(project: Any) -> None:
    settings = (project.folder / "settings.py").read_text(encoding="utf-8")
    project.write("settings.py", settings + 'DATABASES["other"] = {**DATABASES["default"], "NAME": "other"}\n')
    project.write(
        "test_two.py",
        "import pytest\nfrom shop.models import Album\n\n"
        '@pytest.mark.django_db(databases=["default", "other"])\n'
        "def test_both():\n"
        '    assert Album.objects.using("other").count() == Album.objects.count() == 2\n'
        '    Album.objects.using("other").create(title="x")\n'
        "    assert Album.objects.count() == 2\n",
    )
    for arguments in ((), ("-n", "2")):
        done = project.test("test_two.py", *arguments)
        assert "1 passed" in done.output
        assert (CACHED in done.output) == bool(arguments)
    project.write("shop/rates.py", "VAT = 7\n")
    assert MIGRATED in project.test("test_two.py").output


def test_database_of_another_server_prevents_the_cache(project: Any) -> None:
    settings = (project.folder / "settings.py").read_text(encoding="utf-8")
    other = 'DATABASES["other"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}\n'
    project.write("settings.py", f'{settings}{other}DATABASE_ROUTERS = ["routers.Router"]\n')
    router = "class Router:\n    def allow_migrate(self, db, app_label, **hints):\n        return db == 'default'\n"
    project.write("routers.py", router)
    test = '@pytest.mark.django_db(databases=["default", "other"])\ndef test_both():\n    pass\n'
    project.write("test_two.py", f"import pytest\n\n\n{test}")
    assert "databases of other servers, so none is cached" in project.test("test_two.py").output


def test_broken_cached_cluster_is_deleted_and_made_again(project: Any) -> None:
    project.test("test_shop.py")
    (archive,) = archives(project)
    with open(archive, "r+b") as file:
        file.truncate(100_000)
    done = project.test("test_shop.py")
    assert "is of no use, and was deleted" in done.output
    assert MIGRATED in done.output
    assert CACHED in project.test("test_shop.py").output


def test_a_test_that_needs_no_database_gets_no_server(project: Any) -> None:
    project.write("test_nothing.py", "def test_nothing():\n    pass\n")
    done = project.test("test_nothing.py")
    assert "ecluse: " not in done.output
    assert not (project.folder / "cache").exists()


def test_plugin_without_django_settings_does_nothing(project: Any) -> None:
    del project.environ["DJANGO_SETTINGS_MODULE"]
    project.write("test_nothing.py", "import os\n\ndef test_nothing():\n    assert 'DATABASE_URL' not in os.environ\n")
    assert "1 passed" in project.test("test_nothing.py").output


def test_a_source_that_does_not_exist_is_refused(project: Any) -> None:
    done = project.test("--postgres", "docker", "test_shop.py", check=False)
    assert done.returncode == 4
    assert "docker is not a source of PostgreSQL" in done.output


ELSEWHERE = {
    "PGPORT": "5433",
    "PGSERVICE": "nosuch",
    "PGOPTIONS": "-c default_transaction_read_only=on",
    "PGTZ": "Mars/Base",
    "PGREQUIREAUTH": "scram-sha-256",
    "PGCHANNELBINDING": "require",
}


def test_variables_of_libpq_do_not_lead_elsewhere(project: Any) -> None:
    for note in (MIGRATED, CACHED):
        assert note in project.test("test_shop.py", **ELSEWHERE).output


def test_cache_of_another_user_is_not_used(project: Any) -> None:
    project.test("test_shop.py")
    (project.folder / "cache" / "ecluse").chmod(0o777)
    done = project.test("test_shop.py")
    assert "can be written by every user, and is not used" in done.output
    assert MIGRATED in done.output


def test_without_a_server_other_tests_still_run(project: Any) -> None:
    project.write("test_nothing.py", "def test_nothing():\n    pass\n")
    done = project.test(
        "test_nothing.py", "test_shop.py", ECLUSE_POSTGRES="container", DOCKER_HOST="tcp://127.0.0.1:1", check=False
    )
    assert "1 passed" in done.output and "4 errors" in done.output
    assert "no PostgreSQL for the tests" in done.output
    assert "container: no container engine answers" in done.output


REPLICA = """
import pytest
from shop.models import Album


@pytest.mark.django_db(transaction=True, databases=["default", "replica"])
def test_replica_has_what_was_written():
    Album.objects.create(title="x")
    assert Album.objects.using("replica").filter(title="x").exists()
"""


@pytest.fixture
def replica(project: Any) -> Any:
    settings = (project.folder / "settings.py").read_text(encoding="utf-8")
    mirror = 'DATABASES["replica"] = {**DATABASES["default"], "TEST": {"MIRROR": "default"}}\n'
    project.write("settings.py", settings + mirror)
    project.write("test_replica.py", REPLICA)
    return project


def test_replica_follows_its_database(replica: Any) -> None:
    for note in (MIGRATED, CACHED):
        done = replica.test("test_replica.py")
        assert "1 passed" in done.output and note in done.output


@pytest.mark.engine
def test_replica_follows_its_database_into_a_container(replica: Any, engine: None) -> None:
    assert "1 passed" in replica.test("--postgres", "container", "test_replica.py").output


NEEDING = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunSQL("CREATE EXTENSION only_in_the_image")]
"""

NEEDED = """
import pytest
from django.db import connection


@pytest.mark.django_db
def test_it_is_there():
    with connection.cursor() as cursor:
        cursor.execute("SELECT only_here()")
        assert cursor.fetchone() == (42,)
"""

# The extension is made here, so that the test does not depend on which ones a build of PostgreSQL happens to have.
DOCKERFILE = """
FROM postgres:18
RUN cd "$(dirname "$(find / -name plpgsql.control -not -path '/proc/*' | head -n 1)")" \\
 && printf "default_version = '1'\\n" > only_in_the_image.control \\
 && printf "CREATE FUNCTION only_here() RETURNS int LANGUAGE sql AS 'SELECT 42';\\n" > only_in_the_image--1.sql
"""


def needing_an_extension(project: Any) -> None:
    project.write("shop/migrations/0002_extension.py", NEEDING)
    project.write("test_extension.py", NEEDED)


@pytest.fixture
def image(engine: None) -> str:
    """An image of PostgreSQL with one extension more than the embedded server."""
    import docker

    client = docker.from_env()
    try:
        built, _log = client.images.build(
            fileobj=io.BytesIO(DOCKERFILE.encode()), rm=True, tag="ecluse-test-postgres:18"
        )
    finally:
        client.close()
    return str(built.tags[0])


def test_missing_feature_of_the_embedded_server_is_named(project: Any) -> None:
    needing_an_extension(project)
    done = project.test("--postgres", "embedded", "test_extension.py", check=False)
    assert done.returncode == 1
    assert 'extension "only_in_the_image" is not available' in done.output


@pytest.mark.engine
@pytest.mark.parametrize("workers", ["0", "2"])
def test_container_is_used_if_the_embedded_server_lacks_it(project: Any, image: str, workers: str) -> None:
    needing_an_extension(project)
    for _ in range(2):  # the second time it is known at once
        done = project.test("-n", workers, "test_extension.py", ECLUSE_POSTGRES_IMAGE=image)
        assert "1 passed" in done.output
        assert 'extension "only_in_the_image" is not available' in done.output
        assert f"in a container of {image}" in done.output


@pytest.mark.engine
def test_a_container_can_be_asked_for(project: Any, image: str) -> None:
    needing_an_extension(project)
    done = project.test("--postgres", "container", "test_extension.py", ECLUSE_POSTGRES_IMAGE=image)
    assert "1 passed" in done.output
    assert done.output.count("ecluse: ") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; an ordinary user has run the others")
def test_plugin_works_as_an_ordinary_user(project: Any, monkeypatch: pytest.MonkeyPatch, python_for_all: str) -> None:
    monkeypatch.setattr(sys, "executable", python_for_all)
    packages = Path(pytest.__file__).parents[1]
    os.chown(project.folder, 65534, 65534)
    project.environ["PYTHONPATH"] += f"{os.pathsep}{packages}"
    project.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for note in (MIGRATED, CACHED):
        done = project.test("-n", "2", "test_shop.py", user=65534)
        assert note in done.output
