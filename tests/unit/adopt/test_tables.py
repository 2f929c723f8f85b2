"""Tables that no migration makes."""

from __future__ import annotations

import pytest

from ecluse.adopt import tables
from ecluse.adopt.asking import SettingsReport
from ecluse.errors import AdoptError


def test_models_without_migrations_are_refused_if_migrate_fails() -> None:
    with pytest.raises(AdoptError, match="accounts has models and no migrations, and") as refused:
        tables.refuse_missing(SettingsReport(True, unmigrated={"accounts": True, "news": False}))
    assert "makemigrations accounts, and" in str(refused.value.hint)


def test_models_without_migrations_are_said() -> None:
    answer = SettingsReport(True, unmigrated={"news": False})
    tables.refuse_missing(answer)
    assert list(tables.notes(answer)) == ["news has models and no migrations: a release does not have its tables"]
