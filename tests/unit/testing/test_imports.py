"""The modules that migrations import by name."""

from __future__ import annotations

import importlib

import pytest
from django.utils import module_loading

from ecluse.testing.imports import asked_for


def test_imports_by_statement_and_by_function_are_heard() -> None:
    names: set[str] = set()
    with asked_for(names):
        import json.encoder  # noqa: F401

        importlib.import_module("json.scanner")
        module_loading.import_string("json.decoder.JSONDecoder")
    assert {"json.encoder", "json.scanner", "json.decoder"} <= names


def test_imports_are_heard_by_a_django_that_caches_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(module_loading, "cached_import")
    names: set[str] = set()
    with asked_for(names):
        importlib.import_module("json.decoder")
    assert "json.decoder" in names
    assert not hasattr(module_loading, "cached_import")
