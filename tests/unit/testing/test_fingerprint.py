from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models.signals import post_migrate

from ecluse.testing import fingerprint as module
from ecluse.testing.fingerprint import fingerprint, roots
from ecluse.testing.store import differences


def now(**options: Any) -> dict[str, str]:
    return fingerprint({"PostgreSQL": "18.6"}, "test_database", top="/top", **options)


def test_fingerprint_is_stable_while_nothing_changes() -> None:
    assert now() == now()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIME_ZONE", "Asia/Tokyo"),
        ("DEFAULT_AUTO_FIELD", "django.db.models.AutoField"),
        ("A_SETTING_OF_THE_PROJECTS_OWN", [1, 2]),
        ("LANGUAGES", [("fr", "Français")]),
    ],
)
def test_fingerprint_changes_with_a_setting(settings: Any, name: str, value: object) -> None:
    before = now()
    setattr(settings, name, value)
    assert differences(before, now()) == [f"setting {name}"]


def test_fingerprint_ignores_listed_settings(settings: Any) -> None:
    before = now(ignored=["BUILD"])
    settings.BUILD = "17"
    settings.SECRET_KEY = "another one in each process"
    assert now(ignored=["BUILD"]) == before


@pytest.mark.parametrize(
    ("changed", "matters"),
    [
        ({"HOST": "/elsewhere", "PORT": "1", "USER": "me", "PASSWORD": "x"}, False),
        ({"OPTIONS": {"host": "/elsewhere"}}, False),
        ({"TEST": {"NAME": "test_x_gw1"}}, False),
        ({"NAME": "other"}, True),
        ({"TIME_ZONE": "Asia/Tokyo"}, True),
        ({"OPTIONS": {"isolation_level": 4}}, True),
        ({"TEST": {"CHARSET": "LATIN1"}}, True),
    ],
)
def test_fingerprint_ignores_address_but_not_use_of_the_database(
    monkeypatch: pytest.MonkeyPatch, settings: Any, changed: dict[str, Any], matters: bool
) -> None:
    before = now()
    database = settings.DATABASES["default"]
    for name, value in changed.items():
        monkeypatch.setitem(database, name, {**database[name], **value} if isinstance(value, dict) else value)
    assert differences(before, now()) == (["setting DATABASES"] if matters else [])


def test_fingerprint_changes_with_the_user_model(settings: Any) -> None:
    before = now()
    settings.AUTH_USER_MODEL = "other.User"
    assert "setting AUTH_USER_MODEL" in differences(before, now())


def test_fingerprint_includes_server_version_and_database_name() -> None:
    other = fingerprint({"PostgreSQL": "18.7"}, "test_other", top="/top")
    assert differences(now(), other) == ["PostgreSQL", "name of the database"]


def test_fingerprint_changes_with_an_installed_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = now()
    (tmp_path / "something-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert differences(before, now()) == ["installed packages"]


def test_fingerprint_changes_with_any_file_beside_migrations(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_initial.py").write_text("# one\n", encoding="utf-8")
    monkeypatch.setattr(module, "_migration_package", _for_sessions(folder))
    states = [now()]
    (folder / "0001_initial.py").write_text("# two\n", encoding="utf-8")
    states.append(now())
    (folder / "data.sql").write_text("SELECT 1", encoding="utf-8")
    states.append(now())
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").touch()
    for before, after in zip(states, states[1:]):
        assert differences(before, after) == ["migrations of sessions"]
    assert now() == states[-1]


def test_fingerprint_changes_with_permissions_and_content_types(monkeypatch: pytest.MonkeyPatch) -> None:
    before = now()
    monkeypatch.setattr(apps.get_model("auth", "Group")._meta, "permissions", (("merge", "Can merge"),))
    assert differences(before, now()) == ["models of auth"]


def test_fingerprint_without_migrations_includes_the_models(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    with_migrations = now()
    session = apps.get_model("sessions", "Session")
    monkeypatch.setattr(session._meta, "db_table", "elsewhere")
    assert now() == with_migrations
    monkeypatch.undo()
    settings.MIGRATION_MODULES = {"sessions": None}
    before = now()
    monkeypatch.setattr(session._meta, "db_table", "elsewhere")
    assert differences(before, now()) == ["models of sessions"]


def test_fingerprint_includes_migration_signal_handlers() -> None:
    def handler(**_arguments: object) -> None:
        """Somebody's default rows."""

    before = now()
    post_migrate.connect(handler)
    try:
        assert differences(before, now()) == ["signal handlers"]
        assert __name__ in roots()
    finally:
        post_migrate.disconnect(handler)


def _for_sessions(folder: Path) -> Callable[[Any], tuple[str, str] | None]:
    def package(app: Any) -> tuple[str, str] | None:
        return ("nowhere.migrations", str(folder)) if app.label == "sessions" else None

    return package
