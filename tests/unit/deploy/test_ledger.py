from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.deploy.history import Journal, Record
from ecluse.deploy.ledger import FolderLedger
from ecluse.errors import LockHeld

JOURNAL = Journal(
    id="1a", kind="deploy", release="new", previous="old", began=1.5, by="ada@mill", unsafe=("shop.0002",)
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
