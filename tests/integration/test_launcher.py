"""The script ``./ecluse``, where the machine does not let it install itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from ecluse.errors import MachineError
from ecluse.machine import process


def with_a_file(work: Path) -> None:
    work.write_text("no folder")


def with_a_link_to_nowhere(work: Path) -> None:
    work.symlink_to("/nowhere/at/all")


@pytest.mark.parametrize("spoil", [with_a_file, with_a_link_to_nowhere])
def test_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    spoil(tmp_path / ".ecluse")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "ecluse.txt").write_text("click==8.3.1\n")
    with resources.as_file(resources.files("ecluse.bootstrap") / "ecluse.sh") as script:
        shutil.copy(script, tmp_path / "ecluse")
    done = process.run((tmp_path / "ecluse", "plan"), env={"PATH": os.environ["PATH"]}, check=False)
    assert done.returncode == MachineError.exit_code
    first, second = done.output.splitlines()
    assert first == f"error: {tmp_path}/.ecluse cannot be made or written, and ./ecluse installs itself there"
    assert second.startswith("hint:  ")
