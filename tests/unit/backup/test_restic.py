from __future__ import annotations

import json

from ecluse.backup.restic import unread


def test_files_that_could_not_be_read_are_named() -> None:
    lines = [
        json.dumps(
            {"message_type": "error", "error": {"Op": "lstat", "Err": 2}, "during": "archival", "item": "/m/a b"}
        ),
        json.dumps({"message_type": "status", "percent_done": 0.5}),
        "Warning: at least one source file could not be read",
        "[]",
    ]
    assert unread("\n".join(lines)) == ["/m/a b"]
