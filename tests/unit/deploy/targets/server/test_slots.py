from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ecluse.deploy.targets.server.counts import TallyFile
from ecluse.deploy.targets.server.slots import PROCESSES, Slot, slots
from ecluse.services.account import Account

ME = Account("me", os.geteuid(), os.getegid(), switch=False)


@pytest.fixture
def slot(tmp_path: Path) -> Slot:
    made = Slot(tmp_path / "1", 1)
    made.describe("new", Path("/releases/new"), ["python"], {"DJANGO_SECRET_KEY": "secret"}, ME)
    return made


def test_slots_are_twice_the_number_of_processes(tmp_path: Path) -> None:
    assert [slot.name for slot in slots(tmp_path)] == ["web:1", "web:2", "web:3", "web:4"]
    assert len(slots(tmp_path)) == 2 * PROCESSES


def test_described_slot_is_closed_and_private_to_its_owner(slot: Slot) -> None:
    assert (slot.release, slot.is_open, slot.accepting, slot.address) == ("new", False, False, None)
    assert stat.S_IMODE((slot.folder / "slot.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(slot.folder.stat().st_mode) == 0o700


def test_an_open_slot_is_open_for_its_release_only(slot: Slot) -> None:
    slot.open()
    assert slot.is_open
    slot.describe("newer", Path("/releases/newer"), ["python"], {}, ME)
    assert not slot.is_open


def test_a_slot_left_open_for_another_release_is_closed(slot: Slot) -> None:
    (slot.folder / "open").write_text("old\n")
    assert not slot.is_open


def test_a_cleared_slot_is_for_no_release(slot: Slot) -> None:
    slot.open()
    slot.clear()
    assert (slot.release, slot.is_open) == (None, False)


def test_errors_are_what_the_process_noted(slot: Slot) -> None:
    assert list(slot.errors) == []
    (slot.folder / "errors").write_text("500 GET /\nworker ended 7\n")
    assert list(slot.errors) == ["500 GET /", "worker ended 7"]


def test_counts_are_of_the_slot_since_it_was_described(slot: Slot) -> None:
    assert slot.counts.answers == 0
    TallyFile(str(slot.folder / "counts")).add(1, 0.01, error=False)
    assert slot.counts.answers == slot.last(1).answers == 1
    slot.clear()
    assert slot.counts.answers == 0


def test_slot_without_lock_holder_runs_no_process(slot: Slot) -> None:
    assert slot.process() is None
    (slot.folder / "lock").write_text("123")
    assert slot.process() is None
