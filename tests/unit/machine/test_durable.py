from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ecluse.machine import durable


def test_a_file_is_replaced_whole_with_the_mode_it_is_to_have(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("a longer text than the next")
    durable.write(path, "next", mode=0o600)
    assert path.read_text() == "next" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("before")

    def full(descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        durable.write(path, "after")
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


def test_write_into_a_missing_folder_names_the_file(tmp_path: Path) -> None:
    """The scratch file beside it is nobody's business."""
    with pytest.raises(FileNotFoundError) as raised:
        durable.write(tmp_path / "gone" / "report.html", "content")
    assert raised.value.filename == str(tmp_path / "gone" / "report.html")


def test_json_that_is_missing_broken_or_no_object_is_none(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert durable.read_json(path) is None
    for content in ("", "{", "[1]", "\0"):
        path.write_text(content)
        assert durable.read_json(path) is None
    durable.write_json(path, {"b": 1, "a": [2]})
    assert durable.read_json(path) == {"b": 1, "a": [2]}
    assert durable.read_json(path / "below") is None


def test_a_line_is_added_at_the_end(tmp_path: Path) -> None:
    durable.append(tmp_path / "file", "one")
    durable.append(tmp_path / "file", "two")
    assert (tmp_path / "file").read_text() == "one\ntwo\n"


def test_link_is_replaced_in_one_step(tmp_path: Path) -> None:
    for target in ("one", "two"):
        durable.link(tmp_path / "link", Path(target))
        assert (tmp_path / "link").readlink() == Path(target)
    assert [path.name for path in tmp_path.iterdir()] == ["link"]
