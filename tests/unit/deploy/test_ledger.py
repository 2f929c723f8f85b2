from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ecluse.deploy.history import Journal, Record
from ecluse.deploy.ledger import FolderLedger
from ecluse.errors import LockHeld, TargetError

JOURNAL = Journal(
    id="1a",
    kind="deploy",
    release="new",
    previous="old",
    began=1.5,
    by="ada@mill",
    unsafe=("shop.0002",),
    lost=("it lacks pages /feed/",),
)
RECORD = Record.of(JOURNAL, outcome="undone", serving="old", seconds=2.25, reason="broken")


def test_a_journal_is_read_as_it_was_written_until_it_is_cleared(tmp_path: Path) -> None:
    ledger = FolderLedger(tmp_path)
    assert ledger.journal() is None
    at = JOURNAL.at("replace", switched=True, steps={"stage": 0.5})
    ledger.write(at)
    assert FolderLedger(tmp_path).journal() == at
    ledger.clear()
    ledger.clear()
    assert ledger.journal() is None


def test_history_is_kept_in_order(tmp_path: Path) -> None:
    ledger = FolderLedger(tmp_path)
    assert list(ledger.history()) == []
    again = Record.of(JOURNAL.at("record", migrations=("shop.0002",)), outcome="succeeded", serving="new", seconds=1)
    ledger.append(RECORD)
    ledger.append(again)
    assert list(FolderLedger(tmp_path).history()) == [RECORD, again]


def test_record_of_an_earlier_version_is_read() -> None:
    value = RECORD.as_json()
    del value["lost"]
    assert Record.from_json(value) == replace(RECORD, lost=())


def test_truncated_history_line_does_not_hide_the_others(tmp_path: Path) -> None:
    ledger = FolderLedger(tmp_path)
    ledger.append(RECORD)
    with open(tmp_path / "history.jsonl", "a") as file:
        file.write('{"id": "1b", "kind": "dep')
    assert list(ledger.history()) == [RECORD]


def test_step_is_not_begun_after_the_lock_is_lost(tmp_path: Path) -> None:
    def lost() -> None:
        raise LockHeld("it was removed")

    ledger = FolderLedger(tmp_path, lost)
    with pytest.raises(LockHeld):
        ledger.write(JOURNAL)
    assert ledger.journal() is None


def changed(**fields: object) -> bytes:
    """A journal in which *fields* are others."""
    return json.dumps({**JOURNAL.as_json(), **fields}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"id": "1a", "kind": "dep',
        b"[1, 2]",
        b'{"some": "thing"}',
        b"\xff\xfe",
        b"[" * 100_000,
        changed(began="yesterday"),
        changed(began=1e300),
        changed(step="dance"),
        changed(release=None),
        changed(previous=7),
        changed(switched="no"),
        changed(migrations=[1]),
        changed(steps={"stage": "fast"}),
        changed(watch={"seconds": "ten"}),
    ],
)
def test_unreadable_journal_is_an_error_and_stays(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "journal.json").write_bytes(content)
    with pytest.raises(TargetError, match="cannot be read, and is not overwritten"):
        FolderLedger(tmp_path).journal()
    assert (tmp_path / "journal.json").read_bytes() == content


def test_journal_that_links_to_nowhere_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "journal.json").symlink_to("/nowhere/journal.json")
    with pytest.raises(TargetError, match="cannot be read, and is not overwritten"):
        FolderLedger(tmp_path).journal()
    assert (tmp_path / "journal.json").is_symlink()


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\n",
        b"[]\n",
        b'"x"\n{}\n',
        b'{"id": 1, "began": "then"}\n',
        b'{"id": "cut o',
        json.dumps({**RECORD.as_json(), "began": 1e300}).encode(),
        json.dumps({**RECORD.as_json(), "commit": 7}).encode(),
    ],
)
def test_foreign_history_hides_no_record_and_gets_the_next_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "history.jsonl").write_bytes(content)
    ledger = FolderLedger(tmp_path)
    assert list(ledger.history()) == []
    ledger.append(RECORD)
    assert list(ledger.history()) == [RECORD]
    assert (tmp_path / "history.jsonl").read_bytes().startswith(content)
