"""The program that installs a front end's packages, told by the lock in Git."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecluse.adopt.package_manager import PackageManager, find

NPM = PackageManager("client", (("npm", "ci"), ("npm", "run", "build")))


def by(package: str, program: str, frozen: str, folder: str = "client") -> PackageManager:
    start = ("npx", "--yes", f"--package={package}", program)
    return PackageManager(folder, ((*start, "install", frozen), (*start, "run", "build")))


def found(top: Path, files: dict[str, str]) -> PackageManager | None:
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text, encoding="utf-8")
    return find(top, "client", tuple(files), lambda package: f"{package.rpartition('@')[2]}.9.9")


@pytest.mark.parametrize(
    ("lock", "text", "manager"),
    [
        ("package-lock.json", "{}", NPM),
        ("pnpm-lock.yaml", "lockfileVersion: 5.4\n", by("pnpm@7.9.9", "pnpm", "--frozen-lockfile")),
        ("pnpm-lock.yaml", "lockfileVersion: '6.0'\n", by("pnpm@8.9.9", "pnpm", "--frozen-lockfile")),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n", by("pnpm@9.9.9", "pnpm", "--frozen-lockfile")),
        ("yarn.lock", "# yarn lockfile v1\n", by("yarn@1.9.9", "yarn", "--frozen-lockfile")),
        ("yarn.lock", "__metadata:\n  version: 6\n", by("@yarnpkg/cli-dist@3.9.9", "yarn", "--immutable")),
        ("yarn.lock", "__metadata:\n  version: 8\n", by("@yarnpkg/cli-dist@4.9.9", "yarn", "--immutable")),
    ],
)
def test_lock_tells_what_installs_its_packages(tmp_path: Path, lock: str, text: str, manager: PackageManager) -> None:
    assert found(tmp_path, {"client/package.json": "{}", f"client/{lock}": text}) == manager


def test_package_manager_field_decides_between_locks(tmp_path: Path) -> None:
    package = json.dumps({"packageManager": "yarn@4.5.1+sha512.abc"})
    locks = {"client/package-lock.json": "{}", "client/yarn.lock": "__metadata:\n  version: 8\n"}
    assert found(tmp_path, {"client/package.json": package, **locks}) == by(
        "@yarnpkg/cli-dist@4.5.1", "yarn", "--immutable"
    )


def test_lock_of_a_workspace_is_that_of_its_packages(tmp_path: Path) -> None:
    files = {"client/package.json": "{}", "pnpm-lock.yaml": "lockfileVersion: '9.0'\n", "pnpm-workspace.yaml": ""}
    assert found(tmp_path, files) == by("pnpm@9.9.9", "pnpm", "--frozen-lockfile", ".")


def test_lock_above_that_is_of_no_workspace_is_left_aside(tmp_path: Path) -> None:
    assert found(tmp_path, {"client/package.json": "{}", "package.json": "{}", "package-lock.json": "{}"}) is None
