from __future__ import annotations

import dataclasses
import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from ecluse.definition.model import ReleaseSpec
from ecluse.errors import ReleaseError
from ecluse.release import archive as release
from ecluse.release.archive import find, latest, unpack, verify

SPEC = ReleaseSpec(files=("shop",), requirements="lock.txt", wsgi="shop.wsgi", settings="shop.settings")


def store(folder: Path, release_id: str, *, content: bytes = b"page", name: str = "app/shop.py") -> Path:
    """A store with one release of one file."""
    folder.mkdir(exist_ok=True)
    (folder / "content").write_bytes(content)
    with tarfile.open(folder / f"{release_id}.tar", "w") as archive:
        archive.add(folder / "content", name)
    digest = hashlib.sha256((folder / f"{release_id}.tar").read_bytes()).hexdigest()
    manifest = {"id": release_id, "digest": digest, "python": "cpython-3.13", "wsgi": "shop.wsgi"}
    manifest |= {"commit": None, "dirty": True, "created": 1.5}  # type: ignore[dict-item]
    (folder / f"{release_id}.json").write_text(json.dumps(manifest))
    return folder


def test_release_is_found_by_id_or_unique_beginning(tmp_path: Path) -> None:
    store(tmp_path, "4f1c22aa90b3")
    store(tmp_path, "4f9900000000")
    assert find(tmp_path, "4f1c22aa90b3").id == find(tmp_path, "4f1").id == "4f1c22aa90b3"
    with pytest.raises(ReleaseError, match="more than one release '4f'"):
        find(tmp_path, "4f")
    with pytest.raises(ReleaseError, match="no release 'abc'") as raised:
        find(tmp_path, "abc")
    assert raised.value.hint == "packaged here: 4f1c22aa90b3, 4f9900000000"


def test_empty_release_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no release ''"):
        find(store(tmp_path, "4f1c"), "")


def test_latest_release_is_the_last_packaged(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no release has been packaged yet"):
        latest(tmp_path)
    (store(tmp_path, "4f1c") / "latest").write_text("4f1c\n")
    assert latest(tmp_path).id == "4f1c"


def test_a_broken_manifest_is_told_from_a_missing_release(tmp_path: Path) -> None:
    store(tmp_path, "4f1c")
    whole = json.loads((tmp_path / "4f1c.json").read_text())
    for damaged in ({"id": "4f1c"}, [], {**whole, "python": None}, {**whole, "created": "then"}, {**whole, "other": 1}):
        (tmp_path / "4f1c.json").write_text(json.dumps(damaged))
        with pytest.raises(ReleaseError, match="manifest of the release is broken"):
            find(tmp_path, "4f1c")


def test_damaged_note_of_the_last_release_names_none(tmp_path: Path) -> None:
    (store(tmp_path, "4f1c") / "latest").write_bytes(b"\xff\xfe")
    with pytest.raises(ReleaseError, match="no release"):
        latest(tmp_path)


def test_changed_archive_is_refused(tmp_path: Path) -> None:
    found = find(store(tmp_path, "4f1c"), "4f1c")
    assert verify(found) is found
    found.archive.write_bytes(found.archive.read_bytes().replace(b"page", b"PAGE"))
    with pytest.raises(ReleaseError, match="was changed after it was packaged"):
        verify(found)
    with pytest.raises(ReleaseError):
        unpack(found, tmp_path / "unpacked")
    assert not (tmp_path / "unpacked").exists()
    found.archive.unlink()
    with pytest.raises(ReleaseError, match=r"\(missing, not "):
        verify(found)


@pytest.mark.parametrize("name", ["../outside", "app/../../outside", "/outside"])
def test_an_archive_writes_nothing_outside_its_folder(tmp_path: Path, name: str) -> None:
    found = find(store(tmp_path / "store", "4f1c", name=name), "4f1c")
    with tarfile.open(found.archive, "w") as archive:
        member = tarfile.TarInfo(name)
        archive.addfile(member)
    digest = hashlib.sha256(found.archive.read_bytes()).hexdigest()
    with pytest.raises(ReleaseError, match="outside leads out of the release"):
        unpack(dataclasses.replace(found, digest=digest), tmp_path / "unpacked")
    assert not (tmp_path / "outside").exists() and not (tmp_path / "unpacked").exists()


@pytest.mark.parametrize(
    ("link", "inside"),
    [("../shop.py", True), ("../../static/x", True), ("../../../outside", False), ("/etc/passwd", False)],
)
def test_link_out_of_the_release_is_refused(link: str, inside: bool) -> None:
    member = tarfile.TarInfo("app/shop/link")
    member.type, member.linkname = tarfile.SYMTYPE, link
    assert release._stays_inside(member) is inside


def test_device_file_in_an_archive_is_refused() -> None:
    member = tarfile.TarInfo("app/null")
    member.type = tarfile.CHRTYPE
    assert not release._stays_inside(member)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "views.py").write_text("page = 1")
    (tmp_path / "shop" / "run").write_text("#!/bin/sh")
    return tmp_path


def identity(tree: Path, *names: str, lock: bytes = b"Django", spec: ReleaseSpec = SPEC) -> str:
    return release._id(tree, names or ("shop/run", "shop/views.py"), lock, spec)


def test_release_id_is_twelve_hex_digits_of_the_content(tree: Path) -> None:
    before = identity(tree)
    assert len(before) == 12 and int(before, 16)
    (tree / "shop" / "views.py").touch()
    (tree / "beside.py").write_text("not in the release")
    assert identity(tree) == before


def test_release_id_changes_with_any_of_its_inputs(tree: Path) -> None:
    seen = [identity(tree), identity(tree, "shop/views.py"), identity(tree, lock=b"Django, newer")]
    other = ReleaseSpec(files=("shop",), requirements="lock.txt", wsgi="shop.other", settings="shop.settings")
    seen.append(identity(tree, spec=other))
    (tree / "shop" / "run").chmod(0o755)
    seen.append(identity(tree))
    (tree / "shop" / "views.py").write_text("page = 2")
    seen.append(identity(tree))
    (tree / "shop" / "views.py").unlink()
    (tree / "shop" / "views.py").symlink_to("run")
    seen.append(identity(tree))
    assert len(set(seen)) == len(seen)
