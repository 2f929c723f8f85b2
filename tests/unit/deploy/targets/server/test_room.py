"""The room on the disk that a release needs."""

import shutil
from types import SimpleNamespace

import pytest

from ecluse.deploy.targets.server import room
from ecluse.errors import TargetError


def test_release_that_would_fill_the_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=80_000_000))
    room.require(tmp_path, 80_000_000, "release one")
    with pytest.raises(TargetError, match="release one needs about 1.2 GB on the disk, and 80.0 MB are free"):
        room.require(tmp_path, 1_250_000_000, "release one")


def test_size_counts_what_files_take_and_follows_no_link(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"x" * 10_000)
    (tmp_path / "link").symlink_to("/usr/bin")
    assert 10_000 <= room.size(tmp_path) < 50_000
