"""The settings module of a project whose manage.py names none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.adopt.settings_module import likely


def write(top: Path, **files: str) -> None:
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("shop/wsgi.py", 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.config")\n'),
        ("Dockerfile", "ENV DJANGO_SETTINGS_MODULE=shop.config\n"),
        ("compose.yml", "      DJANGO_SETTINGS_MODULE: shop.config\n"),
        ("Makefile", "# DJANGO_SETTINGS_MODULE=shop.config.\n"),
    ],
)
def test_module_is_read_from(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, **{"shop/settings.py": "", "shop/config.py": "", name: text})
    assert likely(tmp_path, ".") == "shop.config"


def test_module_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, **{"Procfile": "DJANGO_SETTINGS_MODULE=gone.settings", "back/shop/settings/base.py": ""})
    assert likely(tmp_path, "back") == "shop.settings.base"
    assert likely(tmp_path, ".") == ""


def test_module_with_a_name_that_no_file_has_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, **{"Procfile": f"DJANGO_SETTINGS_MODULE={'x' * 300}", "shop/settings.py": ""})
    assert likely(tmp_path, ".") == "shop.settings"
