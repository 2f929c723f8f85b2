"""The front end of a project: where it is, what it asks for, what its build makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecluse.adopt.frontend import folders, least_node, outputs


def test_front_end_has_a_script_that_builds(tmp_path: Path) -> None:
    packages = {"package.json": {"scripts": {"lint": "eslint"}}, "client/package.json": {"scripts": {"build": "vite"}}}
    for name, package in packages.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(package), encoding="utf-8")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "package.json").write_text("{", encoding="utf-8")
    assert [name for name, _ in folders(tmp_path, (*packages, "broken/package.json"))] == ["client"]


@pytest.mark.parametrize(
    ("engines", "nvmrc", "least"),
    [({"node": ">=20.10 <23"}, "", "20.10"), (None, "v22.3.1\n", "22.3.1"), (None, "lts/*", "18"), ({}, "", "18")],
)
def test_front_end_says_which_node_it_asks_for(tmp_path: Path, engines: object, nvmrc: str, least: str) -> None:
    if nvmrc:
        (tmp_path / ".nvmrc").write_text(nvmrc, encoding="utf-8")
    assert least_node(tmp_path, {"engines": engines}) == least


def test_outputs_are_the_highest_new_folders() -> None:
    tracked = ("manage.py", "client/package.json", "shop/static/shop/site.css")
    made = ("client/dist/index.html", "client/dist/assets/a.js", "shop/static/client/a.js", "report.txt", *tracked)
    assert outputs(made, tracked) == ("client/dist", "shop/static/client")
