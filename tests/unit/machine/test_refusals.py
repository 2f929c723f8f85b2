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


def test_missing_folder_for_temporary_files_is_named() -> None:
    found = refusal(FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp', '/var/tmp']"))
    assert found is not None and found.what == "no folder for temporary files may be written"


def test_machine_without_memory_or_threads_is_a_refusal() -> None:
    memory, threads = refusal(MemoryError()), refusal(RuntimeError("can't start new thread"))
    assert memory is not None and memory.what == "no memory is left"
    assert threads is not None and threads.what == "no more programs or threads may be started"


def test_unknown_refusal_is_none() -> None:
    assert refusal(RuntimeError("another")) is None
    assert refusal(RecursionError("maximum recursion depth exceeded")) is None
    assert refusal(OSError(errno.EPROTO, "…")) is None
    assert refusal(OSError("no number")) is None
