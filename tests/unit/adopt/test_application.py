"""The application that a project is served by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecluse.adopt.application import Application, find
from ecluse.adopt.asking import SettingsReport

BOTH = {"WSGI_APPLICATION": "shop.wsgi.application", "ASGI_APPLICATION": "shop.asgi.application"}


def found(top: Path, packages: tuple[str, ...] = (), **settings: Any) -> Application:
    return find(top, ".", SettingsReport(True, module="shop.settings", settings=settings), packages)


@pytest.mark.parametrize(
    ("settings", "packages", "why"),
    [
        ({"ASGI_APPLICATION": "shop.asgi.application"}, (), "it has no WSGI_APPLICATION"),
        ({**BOTH, "INSTALLED_APPS": ["channels", "shop"]}, (), "channels is installed"),
        (BOTH, ("django", "uvicorn"), "uvicorn is required"),
    ],
)
def test_asgi_is_told_by_settings_and_packages(
    tmp_path: Path, settings: dict[str, Any], packages: tuple[str, ...], why: str
) -> None:
    assert found(tmp_path, packages, **settings) == Application("shop.asgi:application", asgi=True, why=why)


def test_project_that_says_nothing_is_served_by_wsgi(tmp_path: Path) -> None:
    assert found(tmp_path, **BOTH) == Application("shop.wsgi:application", asgi=False)
    assert found(tmp_path).path == "shop.wsgi:application"


@pytest.mark.parametrize(
    ("name", "command", "asgi"),
    [
        ("Procfile", "web: gunicorn shop.asgi -k uvicorn.workers.UvicornWorker", True),
        ("Dockerfile", 'CMD ["daphne", "shop.asgi:application"]', True),
        ("docker-compose.prod.yml", "    command: gunicorn shop.wsgi:application", False),
        ("start.sh", "# uvicorn shop.asgi:application\npip install uvicorn\ngunicorn shop.wsgi", False),
    ],
)
def test_command_that_starts_the_site_tells(tmp_path: Path, name: str, command: str, asgi: bool) -> None:
    (tmp_path / name).write_text(command + "\n", encoding="utf-8")
    assert found(tmp_path, ("uvicorn",), **BOTH).asgi == asgi


def test_asgi_module_beside_wsgi_is_taken(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "asgi.py").touch()
    served = found(tmp_path, ("uvicorn",), WSGI_APPLICATION="shop.wsgi.application")
    assert (served.path, served.asgi) == ("shop.asgi:application", True)
