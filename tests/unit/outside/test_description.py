"""The folder that sets a project's settings from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecluse.definition.model import Project
from ecluse.outside import description
from ecluse.outside.description import describe, fingerprint, place

PLAIN = Project(settings="shop.settings", lock="lock.txt", overrides={"DEBUG": False})
SWITCHED = Project(settings="shop.settings", lock="lock.txt", database={"DB_HOST": "host"})


def test_project_without_switch_is_set_from_outside() -> None:
    described = json.loads(describe(PLAIN))
    assert described == {"database": {}, "outside": True, "overrides": {"DEBUG": False}, "services": {}}


def test_project_with_switch_keeps_its_databases() -> None:
    assert json.loads(describe(SWITCHED))["outside"] is False


def test_folder_is_named_by_its_content(tmp_path: Path) -> None:
    folder = place(PLAIN, tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["ecluse_services.py", "outside.json", "sitecustomize.py"]
    assert place(PLAIN, tmp_path) == folder != place(SWITCHED, tmp_path)


def test_fingerprint_is_another_where_the_hook_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(PLAIN)
    assert before == fingerprint(PLAIN) != fingerprint(SWITCHED)
    (tmp_path / "sitecustomize.py").write_text("# of the next version\n", encoding="utf-8")
    monkeypatch.setattr(description, "HOOKS", (tmp_path / "sitecustomize.py",))
    assert fingerprint(PLAIN) != before


def test_services_are_named_by_their_variable() -> None:
    project = Project(settings="s", lock="l", env={"REDIS_URL": "redis://none"}, without={"redis": {"HUEY": {}}})
    described = json.loads(describe(project))["services"]
    assert described == {"REDIS_URL": {"placeholder": "redis://none", "without": {"HUEY": {}}}}
