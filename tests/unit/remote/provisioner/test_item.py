"""A file as a part of the server: it is written once, and nobody's file is overwritten."""

import pytest

from ecluse.remote.provisioner.installed import upgrades
from ecluse.remote.provisioner.item import a_file


def test_file_of_ours_is_written_once(tmp_path):
    path = tmp_path / "file"
    item = a_file("upgrades", path, upgrades(), 0o640)
    assert '+APT::Periodic::Unattended-Upgrade "1";' in item.change()
    item.apply()
    assert item.change() == "" and path.stat().st_mode & 0o777 == 0o640


def test_file_of_somebody_else_is_never_overwritten(tmp_path):
    path = tmp_path / "file"
    path.write_text("theirs\n")
    with pytest.raises(SystemExit, match="was not written by ecluse"):
        a_file("upgrades", path, upgrades()).change()
