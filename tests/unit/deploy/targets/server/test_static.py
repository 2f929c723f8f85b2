from __future__ import annotations

import os
from pathlib import Path

import pytest

from ecluse.deploy.targets.server import static

ODD = [b"plain.css", b"two\nlines.css", b"not-utf-8-\xff.css", " space.css".encode(), "é.css".encode()]


def release(folder: Path, *names: bytes) -> Path:
    (folder / "static").mkdir(parents=True)
    for name in names:
        Path(os.fsdecode(os.path.join(os.fsencode(folder / "static"), name))).write_bytes(name)
    return folder


def names(folder: Path) -> set[bytes]:
    return set(os.listdir(os.fsencode(folder / "static")))


def test_static_file_with_any_name_is_noted_and_shared(tmp_path: Path) -> None:
    old, new = release(tmp_path / "old", *ODD), release(tmp_path / "new", b"new.css")
    static.note(old)
    static.note(new)
    static.share(new, [old, new])
    assert names(new) == {b"new.css", *ODD}
    static.prune(new, [old])
    assert names(new) == {b"new.css", *ODD}
    static.prune(new, [])
    assert names(new) == {b"new.css"}


@pytest.mark.parametrize("written", ["a.css\nb.css\n", "a.css\0b.css\0"])
def test_list_of_an_earlier_version_is_read(tmp_path: Path, written: str) -> None:
    old, new = release(tmp_path / "old", b"a.css", b"b.css", b"shared.css"), release(tmp_path / "new")
    (old / "static.txt").write_text(written)
    static.note(new)
    static.share(new, [old])
    assert names(new) == {b"a.css", b"b.css"}
