from __future__ import annotations

import json
from pathlib import Path

from ecluse import secrets
from ecluse.backup.access import PASSWORD, Access


def test_password_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    said: list[str] = []
    first = Access(tmp_path, {}, said.append).variables
    assert Access(tmp_path, {}, said.append).variables == first
    assert (tmp_path / "backup.json").stat().st_mode & 0o777 == 0o600
    assert len(said) == 2 and str(tmp_path / "backup.json") in said[0]
    assert first[PASSWORD] in secrets.known()


def test_given_password_is_kept_once_it_opened_the_repository(tmp_path: Path) -> None:
    kept = Access(tmp_path, {}, lambda line: None).variables
    given = Access(tmp_path, {PASSWORD: "of-the-old-machine", "PATH": "/bin"}, lambda line: None)
    assert given.variables == {PASSWORD: "of-the-old-machine"}
    assert json.loads((tmp_path / "backup.json").read_text()) == kept
    given.keep()
    assert Access(tmp_path, {}, lambda line: None).variables == given.variables
