"""The front end of a project: where it is, what it asks for, what its build makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecluse.adopt.frontend import folders, is_served, least_node, outputs, reason


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


@pytest.mark.parametrize(
    ("output", "served"),
    [
        ("client/dist", True),
        ("client/build/assets", True),
        ("backend/shop/static/client", True),
        ("mobile/dist", False),
        ("backend/dist", False),
    ],
)
def test_site_serves_folders_that_its_settings_lead_to(output: str, served: bool) -> None:
    settings = (".", "backend", "client/dist/assets", "client/build", "backend/media")
    assert is_served(output, "backend", settings, ("backend/manage.py", "backend/shop/models.py")) is served


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (
            " ERR_PNPM_FETCH_404  GET a.tgz: Not Found\n\nNo authorization header was set.\nProgress: added 6",
            "ERR_PNPM_FETCH_404  GET a.tgz: Not Found",
        ),
        (
            "npm error code E404\nnpm error 404 Not Found - GET a\nnpm error A complete log of this run is in: b",
            "npm error 404 Not Found - GET a",
        ),
        ("yarn install v1.22.22\nerror Couldn't find package\ninfo Visit", "error Couldn't find package"),
        ("    at build.cjs:1\nError: no such colour\n\nNode.js v22", "Error: no such colour"),
        ("sh: 1: vite: not found\n", "sh: 1: vite: not found"),
    ],
)
def test_reason_is_the_line_with_the_error(output: str, says: str) -> None:
    assert reason(output) == says
