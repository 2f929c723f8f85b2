"""How a project's tests are run."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.adopt.suite import find

NONE: frozenset[str] = frozenset()
PYTEST = frozenset({"pytest", "pytest-django"})


def test_django_command_is_the_default(tmp_path: Path) -> None:
    assert find(tmp_path, ".", NONE).command == ("python", "manage.py", "test")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = shop.test\n"),
        ("setup.cfg", "[tool:pytest]\nDJANGO_SETTINGS_MODULE = shop.test\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\nDJANGO_SETTINGS_MODULE = "shop.test"\n'),
    ],
)
def test_pytest_is_used_where_it_is_configured(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = find(tmp_path, ".", PYTEST)
    assert (found.command, found.settings, found.source) == (("pytest",), "shop.test", name)


def test_configured_pytest_that_is_not_installed_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    assert not find(tmp_path, ".", NONE).is_pytest


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("python manage.py test", ()),
        ("coverage run manage.py test shop --noinput -v 2", ("shop",)),
        ("./manage.py test --settings=shop.test --parallel && echo", ("--settings=shop.test", "--parallel")),
        ("manage.py test --settings shop.test gone", ("--settings=shop.test",)),
    ],
)
def test_makefile_says_what_is_tested(tmp_path: Path, line: str, arguments: tuple[str, ...]) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "Makefile").write_text(f"test:\n\t{line}\n", encoding="utf-8")
    assert find(tmp_path, ".", NONE).command == ("python", "manage.py", "test", *arguments)


@pytest.mark.parametrize("text", ["tool = 1\n", "tool.pytest = 1\n"])
def test_pyproject_of_another_shape_configures_no_pytest(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    assert find(tmp_path, ".", PYTEST).source != "pyproject.toml"
