"""A project with a front end that npm, pnpm or Yarn builds."""

from __future__ import annotations

import json
import tarfile

import pytest

from tests.integration.adopt.conftest import Repository

BUILD = """
const fs = require("fs");
fs.mkdirSync("../shop/static/client", {recursive: true});
fs.writeFileSync("../shop/static/client/version.txt", process.version);
"""


LOCKS = {
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n",
    "yarn.lock": "# yarn lockfile v1\n",
}


def add_client(repository: Repository, node: str, build: str = BUILD, lock_name: str = "package-lock.json") -> None:
    """A front end in the repository that asks for the version *node*."""
    folder = repository.top / "client"
    folder.mkdir()
    package = {"name": "client", "version": "1.0.0", "engines": {"node": node}, "scripts": {"build": "node build.cjs"}}
    lock = {"name": "client", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": package}}
    (folder / "package.json").write_text(json.dumps(package), encoding="utf-8")
    (folder / lock_name).write_text(LOCKS.get(lock_name, json.dumps(lock)), encoding="utf-8")
    (folder / "build.cjs").write_text(build, encoding="utf-8")
    (repository.top / ".gitignore").write_text("node_modules\n/shop/static/client/\n", encoding="utf-8")
    repository.git("add", ".")
    repository.git("commit", "--quiet", "--message=A client")


@pytest.mark.exhaustive  # installs Node.js
@pytest.mark.parametrize("repository", ["plain"], indirect=True)
def test_front_end_is_built_on_a_machine_without_its_node(repository: Repository) -> None:
    add_client(repository, ">=24.2")
    found = repository.adopt("--write", "--no-proof")
    assert found["frontend"] == ["shop/static/client"]
    assert repository.git("status", "--short", "client", "shop") == ""
    release = repository.ecluse("package").stdout.split()[-1]
    with tarfile.open(repository.top / ".ecluse" / "releases" / f"{release}.tar") as archive:
        made = archive.extractfile("static/client/version.txt")
        assert made is not None and int(made.read().decode().removeprefix("v").partition(".")[0]) >= 24


@pytest.mark.exhaustive  # installs pnpm and Yarn
@pytest.mark.parametrize("repository", ["plain"], indirect=True)
@pytest.mark.parametrize(("lock", "program"), [("pnpm-lock.yaml", "pnpm@9."), ("yarn.lock", "yarn@1.")])
def test_front_end_of_pnpm_and_yarn_is_built(repository: Repository, lock: str, program: str) -> None:
    add_client(repository, ">=18.12", lock_name=lock)
    found = repository.adopt("--write", "--no-proof")
    assert found["frontend"] == ["shop/static/client"]
    assert f'("npx", "--yes", "--package={program}' in repository.content()["pipeline.py"].decode()
    release = repository.ecluse("package").stdout.split()[-1]
    with tarfile.open(repository.top / ".ecluse" / "releases" / f"{release}.tar") as archive:
        assert "static/client/version.txt" in archive.getnames()


@pytest.mark.exhaustive
@pytest.mark.parametrize("repository", ["plain"], indirect=True)
def test_front_end_that_cannot_be_built_is_named(repository: Repository) -> None:
    add_client(repository, ">=18", "throw new Error('no such colour')")
    found = repository.adopt()
    assert found["frontend"] == []
    assert "the front end in client is not built: Error: no such colour" in "\n".join(found["notes"])


@pytest.mark.exhaustive
@pytest.mark.parametrize("repository", ["plain"], indirect=True)
def test_front_end_that_the_site_does_not_serve_is_named(repository: Repository) -> None:
    add_client(repository, ">=18", BUILD.replace("../shop/static/client", "dist"))
    found = repository.adopt()
    assert found["frontend"] == []
    assert "no setting of Django leads to client/dist" in "\n".join(found["notes"])
