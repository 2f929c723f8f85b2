"""The record of a run, run.json, as the runner writes it, with the fields that a test is about."""

from __future__ import annotations

from typing import Any

__all__ = ["leg", "record"]


def leg(name: str, status: str = "passed", **fields: Any) -> dict[str, Any]:
    return {"name": name, "status": status, "reason": "", "seconds": 1.0, "attempts": 1, "outputs": [], **fields}


def record(*legs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    whole = {"id": "1", "title": "a run", "began": "2026-11-27T10:00:00.000+00:00", "seconds": 1.0}
    return {**whole, "ok": True, "interrupted": False, "legs": list(legs), **fields}
