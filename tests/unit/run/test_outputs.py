from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.run.outputs import located, mask
from ecluse.secrets import Secret


def test_text_outputs_are_masked(tmp_path: Path) -> None:
    Secret("s3cr3t-välue")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "junit.xml").write_text("<x>s3cr3t-välue</x>\r\n", newline="")
    (tmp_path / "latin").write_bytes(b"\xe9 s3cr3t-v\xc3\xa4lue")
    (tmp_path / "wide").write_text("it is s3cr3t-välue", encoding="utf-16")
    (tmp_path / "link").symlink_to("a/junit.xml")
    mask(tmp_path)
    assert (tmp_path / "a" / "junit.xml").read_bytes() == b"<x>[REDACTED]</x>\r\n"
    assert (tmp_path / "latin").read_bytes() == b"\xe9 [REDACTED]"
    assert (tmp_path / "wide").read_text(encoding="utf-16") == "it is [REDACTED]"
    assert (tmp_path / "link").is_symlink()


def test_secret_in_a_binary_output_is_overwritten_in_place(tmp_path: Path) -> None:
    Secret("s3cr3t-välue")
    binary, wide, other = tmp_path / "binary", tmp_path / "wide", tmp_path / "other"
    binary.write_bytes("\0s3cr3t-välue\0".encode())
    wide.write_bytes("\0s3cr3t-välue\0".encode("utf-16-le"))
    other.write_bytes(b"\0\xff" * 9)
    mask(tmp_path)
    assert binary.read_bytes() == b"\0" + b"*" * 13 + b"\0"
    assert wide.read_bytes() == b"\0\0" + b"*" * 24 + b"\0\0"
    assert other.read_bytes() == b"\0\xff" * 9


def test_archive_of_a_release_is_kept_as_it_is(tmp_path: Path) -> None:
    Secret("s3cr3t-value")
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "r.tar").write_bytes(b"\0s3cr3t-value")
    (tmp_path / "release" / "r.json").write_text("s3cr3t-value")
    mask(tmp_path, [tmp_path / "release"])
    assert (tmp_path / "release" / "r.tar").read_bytes() == b"\0s3cr3t-value"
    assert (tmp_path / "release" / "r.json").read_text() == "[REDACTED]"


def test_file_that_may_not_be_written_is_masked(tmp_path: Path) -> None:
    Secret("s3cr3t-value")
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.write_text("s3cr3t-value")
    outside.chmod(0o400)
    (inside / "file").hardlink_to(outside)
    mask(inside)
    assert (inside / "file").read_text() == "[REDACTED]"
    assert (inside / "file").stat().st_mode & 0o777 == 0o400
    assert outside.read_text() == "s3cr3t-value", "it is another file by now"


def test_names_of_outputs_and_targets_of_links_are_masked(tmp_path: Path) -> None:
    Secret("s3cr3t-value")
    Secret("other-value")
    for name in ("s3cr3t-value", "other-value"):
        (tmp_path / f"of {name}").mkdir()
        (tmp_path / f"of {name}" / f"{name}.txt").touch()
    (tmp_path / "link").symlink_to("of s3cr3t-value")
    mask(tmp_path)
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*"))
    assert names == [
        "2-of [REDACTED]",
        "2-of [REDACTED]/[REDACTED].txt",
        "link",
        "of [REDACTED]",
        "of [REDACTED]/[REDACTED].txt",
    ]
    assert (tmp_path / "link").readlink() == Path("of [REDACTED]")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("tests/test_a.py", "backend/tests/test_a.py"),
        ("./tests/test_a.py", "backend/tests/test_a.py"),
        ("manage.py", "manage.py"),
        ("views.py", "views.py"),
        ("lost.py", "lost.py"),
    ],
)
def test_path_of_a_tool_in_a_folder_is_located(path: str, found: str) -> None:
    files = {"backend/tests/test_a.py", "manage.py", "backend/manage.py", "a/views.py", "b/views.py"}
    assert located(path, files) == found
