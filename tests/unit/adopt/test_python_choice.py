"""The Python of a project."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from ecluse.adopt.python_choice import Wish, from_poetry, in_order, is_nearest, missing, wish

HERE = {version: Path(f"/usr/bin/python{version}") for version in ("3.11", "3.12", "3.13")}


@pytest.mark.parametrize(
    ("name", "text", "range"),
    [
        ("pyproject.toml", '[project]\nrequires-python = ">=3.12"\n', ">=3.12"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.11"\n', "<4,>=3.11"),
        (".python-version", "3.12.4\n", "==3.12.*"),
        ("runtime.txt", "python-3.11.2\n", "==3.11.*"),
        ("Pipfile", '[requires]\npython_version = "3.12"\n', "==3.12.*"),
        ("Dockerfile", "FROM --platform=linux/amd64 docker.io/python:3.13-slim AS base\n", "==3.13.*"),
        ("environment.yml", "dependencies:\n  - conda-forge::python=3.12.4\n", "==3.12.*"),
    ],
)
def test_wish_reads_version_from(tmp_path: Path, name: str, text: str, range: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = wish(tmp_path, ".")
    assert (str(found.range), found.source) == (range, name)


def test_wish_is_read_from_the_usual_file_of_conda_before_others(tmp_path: Path) -> None:
    for name, version in (("environment-dev.yml", "3.13"), ("environment.yml", "3.12"), ("enviroment.yaml", "3.11")):
        (tmp_path / name).write_text(f"dependencies:\n  - python={version}\n", encoding="utf-8")
    assert wish(tmp_path, ".").source == "environment.yml"
    (tmp_path / "environment.yml").unlink()
    assert wish(tmp_path, ".").source == "environment-dev.yml"
    (tmp_path / "environment-dev.yml").unlink()
    assert wish(tmp_path, ".").source == "enviroment.yaml"


def test_wish_without_a_file_asks_for_nothing(tmp_path: Path) -> None:
    assert wish(tmp_path, ".").source == ""


@pytest.mark.parametrize("text", ["[project\n", "tool = 1\n", "project = 1\n", "tool.poetry.dependencies = []\n"])
def test_wish_of_unreadable_file_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    (tmp_path / "runtime.txt").write_text("python-3.12\n", encoding="utf-8")
    assert wish(tmp_path, ".").source == "runtime.txt"


@pytest.mark.parametrize(
    ("poetry", "standard"),
    [("^3.11", ">=3.11,<4"), ("~3.11", ">=3.11,<3.12"), ("^0.4.2", ">=0.4.2,<0.5"), ("3.11.*", "==3.11.*"), ("*", "")],
)
def test_poetry_range_becomes_standard(poetry: str, standard: str) -> None:
    assert from_poetry(poetry) == standard


def test_order_begins_with_what_is_asked_for() -> None:
    asked = Wish(wish_range("==3.12.*"), "runtime.txt")
    assert in_order(asked, HERE, None) == ("3.12", "3.13", "3.11")


def test_order_follows_django_where_nothing_is_asked() -> None:
    assert in_order(Wish(wish_range("")), HERE, "4.2.11")[0] == "3.12"


def test_order_begins_with_oldest_for_old_django() -> None:
    assert in_order(Wish(wish_range("")), HERE, "3.2.25")[0] == "3.11"


def wish_range(text: str) -> SpecifierSet:
    return SpecifierSet(text)


@pytest.mark.parametrize(
    ("asked", "django", "reason"),
    [
        ("==3.9.*", None, "it asks for Python ==3.9.* (runtime.txt), and this machine has 3.11, 3.12, 3.13"),
        ("", "1.11.20", "Django 1.11.20 runs on Python 3.7 and older, and this machine has 3.11, 3.12, 3.13"),
        ("==3.12.*", "5.2", None),
        ("", "4.2.11", None),
    ],
)
def test_missing_python_is_named(asked: str, django: str | None, reason: str | None) -> None:
    assert missing(Wish(wish_range(asked), "runtime.txt" if asked else ""), HERE, django) == reason


@pytest.mark.parametrize(
    ("version", "django", "nearest"),
    [("3.11", "3.2.25", True), ("3.12", "3.2.25", False), ("3.11", "4.2.11", False), ("3.11", None, False)],
)
def test_oldest_python_is_nearest_to_an_old_django(version: str, django: str | None, nearest: bool) -> None:
    assert is_nearest(version, HERE, django) is nearest
