from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.errors import MachineError
from ecluse.machine.virtualenv import ensure


def test_folder_that_path_cannot_hold_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "a:b"
    with pytest.raises(MachineError, match="has a ':' in it") as raised:
        ensure(folder, tmp_path / "lock.txt", {})
    assert raised.value.where == str(folder) and not folder.exists()
