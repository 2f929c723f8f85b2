import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from website.health import migrations
from website.health.migrations import unapplied

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def database_away(monkeypatch):
    """An unreachable database: its driver's error when nothing listens at the address."""

    def refuse(self):
        raise OperationalError('connection to server at "db.internal", port 5432 failed: Connection refused')

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", refuse)


def test_a_migrated_database_is_ready_and_the_release_is_named(client, db, settings):
    settings.RELEASE_ID = "abc123"
    response = client.get("/readiness/")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "release": "abc123",
        "checks": {"database": "ok", "migrations": "ok"},
    }


def test_an_unapplied_migration_is_not_ready_and_is_named(client, db):
    MigrationRecorder(connection).record_unapplied("store", "0001_initial")
    response = client.get("/readiness/")
    assert response.status_code == 503
    assert response.json()["status"] == "unavailable"
    assert response.json()["checks"] == {"database": "ok", "migrations": "missing: store.0001_initial"}


def test_unapplied_migration_makes_a_ready_process_unready(client, db):
    assert client.get("/readiness/").status_code == 200
    MigrationRecorder(connection).record_unapplied("store", "0001_initial")
    assert client.get("/readiness/").status_code == 503


def test_squashed_migration_is_applied_if_all_it_replaces_are(db, monkeypatch):
    squashed = ("store", "0001_squashed_0002")
    monkeypatch.setattr(migrations, "_on_disk", lambda: {squashed: [("store", "0001_initial"), ("store", "0002_x")]})
    assert unapplied() == ["store.0001_squashed_0002"]
    MigrationRecorder(connection).record_applied("store", "0002_x")
    assert unapplied() == []


def test_missing_database_is_unready_and_its_address_private(client, database_away, caplog):
    response = client.get("/readiness/")
    assert response.status_code == 503
    assert response.json()["checks"] == {"database": "does not answer", "migrations": "unknown"}
    assert "db.internal" not in response.text
    assert "db.internal" in caplog.text


def test_a_probe_that_fails_is_a_warning_not_an_error_for_sentry(client, database_away, caplog):
    client.get("/readiness/")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_browser_gets_a_page_also_when_the_database_is_away(client, database_away):
    client.cookies["sessionid"] = "whose-session-cannot-be-read"  # no `db` fixture: any query fails
    response = client.get("/readiness/", headers=HTML)
    assert response.status_code == 503
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "does not answer" in response.text


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/*", "nonsense"])
def test_readiness_is_json_for_programs(client, db, accept):
    headers = {"accept": accept} if accept else {}
    assert client.get("/readiness/", headers=headers)["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["/readiness/", "/healthcheck/"])
def test_health_answers_are_not_cached(client, db, path):
    response = client.get(path)
    assert "no-store" in response["Cache-Control"]
    assert "Accept" in response["Vary"]


def test_readiness_refuses_post(client, db):
    assert client.post("/readiness/").status_code == 405


def test_readiness_takes_two_queries(client, db, django_assert_num_queries):
    client.get("/readiness/")  # the migrations on disk are read once per process
    with django_assert_num_queries(2):
        client.get("/readiness/")
