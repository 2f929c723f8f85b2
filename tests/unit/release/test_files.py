from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ecluse.definition.model import Build, ReleaseSpec
from ecluse.errors import ReleaseError
from ecluse.machine import git
from ecluse.release.files import chosen, content

SPEC = ReleaseSpec(files=("shop",), requirements="lock.txt", wsgi="shop.wsgi", settings="shop.settings")


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of which git knows every file."""

    def known(folder: Path, *below: str) -> tuple[str, ...]:
        every = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
        return tuple(name for name in sorted(every) if not below or name.startswith(below))

    monkeypatch.setattr(git, "known_files", known)
    (tmp_path / "shop" / "client").mkdir(parents=True)
    for name in ("lock.txt", "shop/views.py", "shop/client/old.js"):
        (tmp_path / name).touch()
    return tmp_path


def test_folder_of_a_build_holds_what_was_built_alone(top: Path) -> None:
    build = Build(output="shop/client", folder="frontend", steps=(("make",),), tool="node", version="22")
    spec = replace(SPEC, builds=(build,))
    assert chosen(top, spec, ()) == ("shop/views.py",)
    assert chosen(top, spec, ("shop/client/new.js",)) == ("shop/client/new.js", "shop/views.py")


def test_place_without_a_file_that_git_knows_is_refused(top: Path) -> None:
    (top / "ignored").mkdir()
    with pytest.raises(ReleaseError, match="git knows no file in ignored"):
        chosen(top, replace(SPEC, files=("shop", "ignored")), ())


def test_missing_place_is_refused(top: Path) -> None:
    with pytest.raises(ReleaseError, match="not there: shopp"):
        chosen(top, replace(SPEC, files=("shopp",)), ())


def test_content_says_what_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a")
    (tmp_path / "link").symlink_to("file")
    assert content(tmp_path / "file") == ("file", b"a")
    assert content(tmp_path / "link") == ("link", b"file")
    (tmp_path / "file").chmod(0o755)
    assert content(tmp_path / "file") == ("executable", b"a")


def test_unreadable_file_is_an_error_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReleaseError, match="cannot be read: No such file"):
        content(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ReleaseError, match="git lists this as a file, and it is none") as raised:
        content(tmp_path / "pipe")
    assert raised.value.where == str(tmp_path / "pipe")
