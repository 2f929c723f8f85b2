from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.run.outputs import located, mask
from ecluse.secrets import Secret


def test_text_outputs_are_masked_and_others_kept(tmp_path: Path) -> None:
    Secret("s3cr3t-välue")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "junit.xml").write_text("<x>s3cr3t-välue</x>\r\n", newline="")
    (tmp_path / "latin").write_bytes(b"\xe9 s3cr3t-v\xc3\xa4lue")
    (tmp_path / "binary").write_bytes("\0s3cr3t-välue".encode())
    (tmp_path / "link").symlink_to("a/junit.xml")
    mask(tmp_path)
    assert (tmp_path / "a" / "junit.xml").read_bytes() == b"<x>[REDACTED]</x>\r\n"
    assert (tmp_path / "latin").read_bytes() == b"\xe9 [REDACTED]"
    assert (tmp_path / "binary").read_bytes() == "\0s3cr3t-välue".encode()
    assert (tmp_path / "link").is_symlink()


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
