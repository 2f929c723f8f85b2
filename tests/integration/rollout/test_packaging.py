"""The content of a release, compared with git and with Django's own collectstatic."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from ecluse.errors import ReleaseError, RepositoryError
from ecluse.machine import process
from testbed.shop import Shop


def members(shop: Shop, release: str) -> set[str]:
    with tarfile.open(shop.folder / ".ecluse" / "releases" / f"{release}.tar") as archive:
        return set(archive.getnames())


def package(shop: Shop) -> dict[str, object]:
    found: dict[str, object] = json.loads(shop.ecluse("package", "--json").output.partition("{")[2].join(("{", "")))
    return found


def test_release_holds_tracked_files_and_hashed_static_files(fresh_shop: Shop) -> None:
    (fresh_shop.folder / ".gitignore").write_text("/.ecluse/\n__pycache__/\n*.secret\n")
    (fresh_shop.folder / "shop" / "key.secret").write_text("ignored")
    (fresh_shop.folder / "shop" / "new.py").write_text("untracked, and not ignored")
    names = members(fresh_shop, fresh_shop.release("one"))
    assert {"requirements.txt", "app/manage.py", "app/shop/new.py", "app/shop/migrations/0001_initial.py"} <= names
    assert not [name for name in names if "secret" in name or "pycache" in name or "pipeline" in name]
    hashed = [
        name for name in names if name.startswith("static/shop.") and name.endswith(".css") and name.count(".") == 2
    ]
    assert len(hashed) == 1 and {f"{hashed[0]}.gz", "static/staticfiles.json"} <= names


def test_packaging_the_same_content_gives_the_same_bytes(fresh_shop: Shop) -> None:
    first = package(fresh_shop)
    releases = fresh_shop.folder / ".ecluse" / "releases"
    shutil.rmtree(releases)
    for path in (fresh_shop.folder / "shop").rglob("*"):
        os.utime(path, (1, 1))
    umask = os.umask(0o077)
    try:
        second = package(fresh_shop)
    finally:
        os.umask(umask)
    assert (second["id"], second["digest"]) == (first["id"], first["digest"])
    made = releases.stat().st_mtime_ns
    archive = (releases / f"{first['id']}.tar").stat().st_mtime_ns
    assert package(fresh_shop)["created"] == second["created"], "the same content was packaged again"
    assert (releases / f"{first['id']}.tar").stat().st_mtime_ns == archive and made


def test_package_tells_commit_changes_and_what_it_leaves_out(fresh_shop: Shop) -> None:
    def git(*arguments: str) -> str:
        user = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
        return process.run(("git", *user, *arguments), cwd=fresh_shop.folder).output.strip()

    git("add", ".")
    git("commit", "--quiet", "--message", "All of it")
    clean = package(fresh_shop)
    assert (clean["commit"], clean["dirty"]) == (git("rev-parse", "HEAD"), False)
    (fresh_shop.folder / "shop" / "behaviour.py").unlink()
    (fresh_shop.folder / "shop" / "behaviour.py").write_text("VERSION, READY, CHECKS, DIES, FAILS = 'x', 1, 1, None, 0")
    (fresh_shop.folder / "gunicorn.conf.py").write_text("threads = 2\n")
    said = fresh_shop.ecluse("package").output
    assert "gunicorn.conf.py is not among the release's files in pipeline.py: the site runs without it" in said
    dirty = package(fresh_shop)
    assert dirty["dirty"] is True and dirty["id"] != clean["id"]


def test_broken_static_file_is_an_error_with_the_reason(fresh_shop: Shop) -> None:
    (fresh_shop.folder / "shop" / "static" / "shop.css").write_text("body { background: url(nowhere.png) }")
    done = fresh_shop.ecluse("package", check=False)
    assert done.returncode == ReleaseError.exit_code
    assert "nowhere.png" in done.output and "Traceback" not in done.output.splitlines()[0]


def test_missing_file_named_by_the_pipeline_is_an_error(fresh_shop: Shop) -> None:
    (fresh_shop.folder / "manage.py").unlink()
    done = fresh_shop.ecluse("package", check=False)
    assert done.returncode == ReleaseError.exit_code and "not there: manage.py" in done.output


def test_outside_git_nothing_is_packaged(fresh_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(fresh_shop.folder / ".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path("/")))
    done = fresh_shop.ecluse("package", check=False)
    assert done.returncode == RepositoryError.exit_code


def test_lock_of_several_files_is_one_lock(fresh_shop: Shop) -> None:
    lock = fresh_shop.folder / "requirements.txt"
    lock.rename(fresh_shop.folder / "base.txt")
    lock.write_text("-r base.txt\n")
    first = fresh_shop.ecluse("package").output.split()[-1]
    with tarfile.open(fresh_shop.folder / ".ecluse" / "releases" / f"{first}.tar") as archive:
        held = archive.extractfile("requirements.txt")
        assert held is not None and held.read() == (fresh_shop.folder / "base.txt").read_bytes()
    with (fresh_shop.folder / "base.txt").open("a") as base:
        base.write("# renewed\n")
    assert fresh_shop.ecluse("package").output.split()[-1] != first


def test_release_holds_the_content_of_a_submodule(fresh_shop: Shop, tmp_path: Path) -> None:
    def git(*arguments: str, cwd: Path = fresh_shop.folder) -> None:
        user = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "protocol.file.allow=always")
        process.run(("git", *user, *arguments), cwd=cwd)

    library = tmp_path / "library"
    library.mkdir()
    git("init", "--quiet", cwd=library)
    (library / "words.py").write_text("WORD = 1\n")
    git("add", ".", cwd=library)
    git("commit", "--quiet", "--message", "Words", cwd=library)
    git("submodule", "--quiet", "add", str(library), "shop/words")
    (fresh_shop.folder / "shop" / os.fsdecode(b"na\xefve.txt")).write_text("a name that is not UTF-8")
    first = fresh_shop.ecluse("package").output.split()[-1]
    assert {"app/shop/words/words.py", os.fsdecode(b"app/shop/na\xefve.txt")} <= members(fresh_shop, first)
    (fresh_shop.folder / "shop" / "words" / "words.py").write_text("WORD = 2\n")
    assert fresh_shop.ecluse("package").output.split()[-1] != first
    git("submodule", "--quiet", "deinit", "--force", "shop/words")
    done = fresh_shop.ecluse("package", check=False)
    assert done.returncode == RepositoryError.exit_code and "the submodule shop/words is not checked out" in done.output
