from __future__ import annotations

from typing import Any

import pytest

from ecluse.definition.backups import Backup, problems


@pytest.mark.parametrize(
    "repository", ["/srv/backups", "sftp:user@host:/folder", "s3:https://host/bucket", "rest:https://h/"]
)
def test_address_of_a_repository_is_taken_as_restic_writes_it(repository: str) -> None:
    assert list(problems(Backup(repository=repository))) == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"repository": ""}, "neither an absolute path"),
        ({"repository": "backups"}, "neither an absolute path"),
        ({"repository": "rest:https://user:word@host/"}, "has a password"),
        ({"repository": "/srv/b", "keep_daily": -1}, "is 0 or more"),
        ({"repository": "/srv/b", "keep_daily": 0, "keep_weekly": 0, "keep_monthly": 0}, "the newest backup alone"),
    ],
)
def test_bad_backup_is_refused(fields: dict[str, Any], problem: str) -> None:
    assert any(problem in what for _field, what in problems(Backup(**fields)))
