from __future__ import annotations

import errno

import pytest

from ecluse.machine.refusals import refusal


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "no room is left on the disk"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EACCES, "permission denied"),
        (errno.ENOENT, "there is no such file or folder"),
        (errno.EMFILE, "too many files are open"),
    ],
)
def test_refusal_names_the_file_and_what_to_do(number: int, said: str) -> None:
    found = refusal(OSError(number, "as the system says it", "/shop/\udcff.svg"))
    assert found is not None and (found.what, found.where) == (said, "/shop/\ufffd.svg") and found.hint


def test_refusal_of_a_move_names_its_end() -> None:
    found = refusal(OSError(errno.EACCES, "…", "/a", None, "/b"))
    assert found is not None and found.where == "/b"


def test_working_directory_that_is_gone_is_reported() -> None:
    found = refusal(FileNotFoundError(errno.ENOENT, "…"))
    assert found is not None and found.what == "the working directory is gone"


def test_unknown_refusal_is_none() -> None:
    assert refusal(OSError(errno.EPROTO, "…")) is None
    assert refusal(OSError("no number")) is None
