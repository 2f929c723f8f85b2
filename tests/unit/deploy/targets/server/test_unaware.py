"""The wrapper of a site that knows nothing of Écluse."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import got_request_exception

from ecluse.deploy.targets.server import unaware
from ecluse.deploy.targets.server.unaware import Unaware


def failing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """A site whose page raises: Django makes a plain 500 of it, and says what it was to its own signal alone."""
    try:
        raise LookupError("'djdt' is not a registered namespace\nand more")
    except LookupError:
        got_request_exception.send(sender=None)
    start_response("500 Internal Server Error", [])
    return [b""]


def test_gate_names_the_exception_of_a_failing_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HEALTH": "/readiness/", "GATE": "secret", "RELEASE": "4f1c"}.items():
        monkeypatch.setenv(f"ECLUSE_{name}", value)
    monkeypatch.setenv("DJANGO_STATIC_ROOT", str(tmp_path))
    monkeypatch.setattr(unaware, "database", lambda: "ok")
    said: list[str] = []
    environ = {"PATH_INFO": "/readiness/", "HTTP_X_ECLUSE_GATE": "secret"}
    (body,) = Unaware(failing, "/")(environ, lambda status, headers: said.append(status))
    assert said == ["503 Service Unavailable"]
    assert json.loads(body)["checks"]["/"] == "500 LookupError: 'djdt' is not a registered namespace"
