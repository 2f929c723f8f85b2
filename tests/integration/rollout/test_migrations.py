"""Migrations as part of a rollout's safety, on a real database with a release that uses it."""

from __future__ import annotations

import json

import psycopg2
import pytest

from ecluse.errors import PreflightError, RolloutError
from testbed.load.visitors import Load
from testbed.shop import Shop

pytestmark = pytest.mark.slow

DROPS = 'migrations.RemoveField(model_name="effect", name="note")'


def test_safe_migration_runs_before_the_switch(shop: Shop, one: str) -> None:
    field = "models.CharField(max_length=9, null=True)"
    release = shop.release("adds", migration=f'migrations.AddField("effect", "added", {field})')
    with Load(shop.port) as load:
        load.wait(20)
        shop.ecluse("deploy", "local", "--release", release)
        load.wait(20)
        shop.ecluse("rollback", "local")
        load.wait(20)
    assert load.lost == []
    assert shop.query("SELECT added FROM shop_effect LIMIT 1") == [(None,)]


def test_migration_unsafe_for_the_serving_release_is_refused(shop: Shop, one: str) -> None:
    field = "models.IntegerField(default=1)"
    release = shop.release("requires", migration=f'migrations.AddField("effect", "required", {field})')
    with Load(shop.port) as load:
        load.wait(20)
        done = shop.ecluse("deploy", "local", "--release", release, check=False)
        load.wait(20)
    assert (done.returncode, load.lost) == (PreflightError.exit_code, [])
    assert "shop.0002_requires: adds shop_effect.required, not null and without db_default" in done.output
    assert "--allow-migration shop.0002" in done.output
    assert shop.query("SELECT 1 FROM information_schema.columns WHERE column_name = 'required'") == []


def test_rollback_past_an_allowed_unsafe_migration_is_refused(fresh_shop: Shop) -> None:
    one = fresh_shop.release("one")
    fresh_shop.ecluse("deploy", "local")
    field = "models.IntegerField(default=1)"
    release = fresh_shop.release("requires", migration=f'migrations.AddField("effect", "required", {field})')
    fresh_shop.ecluse("deploy", "local", "--release", release, "--allow-migration", "shop.0002")
    done = fresh_shop.ecluse("rollback", "local", check=False)
    assert done.returncode == PreflightError.exit_code
    assert f"the database has moved past release {one}: shop.0002_requires" in done.output
    assert fresh_shop.status()["serving"] == release


def test_migration_that_waits_for_a_lock_gives_up(shop: Shop, one: str) -> None:
    field = "models.CharField(max_length=9, null=True)"
    release = shop.release("waits", migration=f'migrations.AddField("effect", "waited", {field})')
    url = shop.server().daemon.database_url()
    assert url is not None
    reader = psycopg2.connect(url)
    try:
        with reader.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM shop_effect")  # an open transaction: its lock stays
        with Load(shop.port) as load:
            load.wait(20)
            done = shop.ecluse("deploy", "local", "--release", release, check=False)
            load.wait(20)
    finally:
        reader.close()
    assert (done.returncode, load.lost) == (RolloutError.exit_code, [])
    assert "lock timeout" in done.output and f"{one} still serves" in done.output
    assert shop.query("SELECT 1 FROM information_schema.columns WHERE column_name = 'waited'") == []


def test_concurrent_migrations_run_one_after_the_other(shop: Shop, one: str) -> None:
    from ecluse.migrations.apply import ADVISORY_LOCK

    release = shop.release("alone", migration="migrations.RunSQL('SELECT 1')")
    url = shop.server().daemon.database_url()
    assert url is not None
    other = psycopg2.connect(url)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        done = shop.ecluse("deploy", "local", "--release", release, check=False)
    finally:
        other.close()
    assert done.returncode == RolloutError.exit_code
    assert "another migration of this database is under way" in done.output


def test_plan_deploy_shows_migrations_and_changes_nothing(shop: Shop, one: str) -> None:
    field = "models.IntegerField(default=1)"
    release = shop.release("needs", migration=f'migrations.AddField("effect", "needed", {field})')
    before = {
        path: path.read_bytes() for path in shop.place.glob("*") if path.is_file() and path.name != "supervisord.log"
    }
    pids = shop.pids()
    refused = shop.ecluse("plan", "deploy", "local", "--release", release, check=False)
    planned = shop.ecluse("plan", "deploy", "local", "--release", release, "--allow-migration", "shop.0002", "--json")
    assert refused.returncode == PreflightError.exit_code
    assert f"release {release} to local, over release {one}" in refused.output
    assert 'ALTER TABLE "shop_effect" ADD COLUMN "needed" integer DEFAULT 1 NOT NULL' in refused.output
    assert "refused, unless --allow-migration shop.0002" in refused.output
    found = json.loads(planned.output)
    assert (found["serving"], found["goes"], [one["name"] for one in found["migrations"]]) == (
        one,
        True,
        ["shop.0002_needs"],
    )
    assert shop.query("SELECT 1 FROM information_schema.columns WHERE column_name = 'needed'") == []
    assert shop.pids() == pids
    assert before == {path: path.read_bytes() for path in before}
