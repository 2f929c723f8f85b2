"""The choice of the project's manage.py among those of a repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.adopt.manages import rank

MANAGE = "from django.core.management import execute_from_command_line\n"


def repository(top: Path, *folders: str) -> list[str]:
    names = []
    for folder in folders:
        (top / folder).mkdir(parents=True, exist_ok=True)
        (top / folder / "manage.py").write_text(MANAGE, encoding="utf-8")
        names.append(f"{folder}/manage.py".removeprefix("./"))
    return names


def test_rank_finds_manage_py_at_top(tmp_path: Path) -> None:
    assert rank(tmp_path, repository(tmp_path, ".")) == (".",)


def test_rank_prefers_shallow_folder(tmp_path: Path) -> None:
    assert rank(tmp_path, repository(tmp_path, "a/b", "backend")) == ("backend", "a/b")


@pytest.mark.parametrize("aside", ["example", "tests", "vendor", "docs", "{{cookiecutter.name}}", ".hidden"])
def test_rank_puts_examples_and_copies_last(tmp_path: Path, aside: str) -> None:
    assert rank(tmp_path, repository(tmp_path, aside, "src/site")) == ("src/site", aside)


def test_rank_ignores_manage_py_without_django(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text("from flask import cli\n", encoding="utf-8")
    assert rank(tmp_path, ["manage.py"]) == ()
