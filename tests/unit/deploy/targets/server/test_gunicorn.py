"""The gunicorn that a release may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.deploy.targets.server.gunicorn import require_safe
from ecluse.errors import TargetError


def installed(venv: Path, version: str) -> Path:
    (venv / "lib" / "python3.12" / "site-packages" / f"gunicorn-{version}.dist-info").mkdir(parents=True)
    return venv


@pytest.mark.parametrize("version", ["20.1.0", "21.2.0", "23.0.0"])
def test_gunicorn_that_loses_requests_is_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(TargetError, match=f"gunicorn {version}, which loses requests"):
        require_safe(installed(tmp_path, version))


@pytest.mark.parametrize("version", ["24.1.1", "25.3.0", "27.0.1"])
def test_gunicorn_that_loses_none_is_taken(tmp_path: Path, version: str) -> None:
    require_safe(installed(tmp_path, version))
