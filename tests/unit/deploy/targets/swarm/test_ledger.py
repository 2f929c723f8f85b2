"""Lock, journal and history as configs of a swarm."""

from __future__ import annotations

import os
import re

import pytest

from ecluse.deploy.history import Journal, Record
from ecluse.deploy.targets.swarm import ledger as ledgers
from ecluse.deploy.targets.swarm.ledger import SwarmLedger, SwarmLock
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.errors import LockHeld
from tests.support.doubles.managers import Managers

WHO = {"who": "ada", "host": "elsewhere", "what": "deploy of r1"}


@pytest.fixture
def managers():
    return Managers()


@pytest.fixture
def objects(managers):
    return Objects(managers, "shop-staging")


@pytest.fixture
def lock(managers, objects):
    return SwarmLock(managers, objects, "staging")


def journal(release="r1", **values):
    return Journal(id="1", kind="deploy", release=release, previous=None, began=1.0, by="ada", **values)


def test_second_deployer_is_told_who_holds_the_lock(managers, lock):
    other = SwarmLock(managers, Objects(managers, "shop-staging"), "staging")
    with lock.held(**WHO):
        with pytest.raises(LockHeld, match="ada on elsewhere.*deploy of r1") as raised:
            with other.held(**WHO):
                pass
        assert "unlock staging --force" in str(raised.value.hint)
        assert str(other.holder()).startswith("ada on elsewhere")
    assert other.holder() is None
    with other.held(**WHO):
        pass


def test_environments_of_one_swarm_have_locks_of_their_own(managers, lock):
    with lock.held(**WHO), SwarmLock(managers, Objects(managers, "shop-production"), "production").held(**WHO):
        pass


def test_lock_without_heartbeat_may_be_taken(managers, lock):
    left = lock._take(holder(lock))
    managers.ahead = ledgers.STALE - 5
    with pytest.raises(LockHeld):
        with lock.held(**WHO):
            pass
    managers.ahead = ledgers.STALE + 5
    assert lock.holder() is None
    with lock.held(**WHO):
        assert left not in managers.stores["configs"]


def test_lock_of_an_ended_local_process_is_free_at_once(lock, monkeypatch):
    lock._take(holder(lock, host=os.uname().nodename, pid=2**22 + 1))
    with lock.held(**WHO):
        pass


def test_lock_of_a_running_local_process_may_not_be_taken(lock):
    lock._take(holder(lock, host=os.uname().nodename, pid=os.getpid()))
    with pytest.raises(LockHeld):
        with lock.held(**WHO):
            pass


def test_lost_lock_is_noticed_before_writing(lock, objects):
    with lock.held(**WHO) as check:
        ledger = SwarmLedger(objects, check)
        ledger.write(journal())
        lock.remove()
        with lock.held(**{**WHO, "who": "bob"}):
            with pytest.raises(LockHeld, match="was taken"):
                ledger.write(journal(step="migrate"))
    assert ledger.journal() == journal()


def test_lost_lock_does_not_release_the_new_holders_lock(managers, lock):
    other = SwarmLock(managers, Objects(managers, "shop-staging"), "staging")
    with other.held(**WHO) if False else lock.held(**WHO):
        lock.remove()
        taken = other._take(holder(other, who="bob"))
    assert taken in managers.stores["configs"]


def holder(lock, **values):
    return ledgers.Holder(
        **{
            "who": "ada",
            "host": "elsewhere",
            "pid": 7,
            "what": "deploy",
            "commit": None,
            "since": 0.0,
            "heartbeat": 0.0,
        }
        | values
    )


def test_a_journal_is_what_was_written_last_until_it_is_cleared(objects):
    ledger = SwarmLedger(objects)
    assert ledger.journal() is None
    ledger.write(journal())
    ledger.write(journal(step="replace", migrations=("shop.0002_x",)))
    assert SwarmLedger(objects).journal() == journal(step="replace", migrations=("shop.0002_x",))
    ledger.clear()
    ledger.clear()
    assert ledger.journal() is None


def test_history_is_ordered_and_limited(objects, monkeypatch):
    monkeypatch.setattr(ledgers, "HISTORY", 3)
    ledger = SwarmLedger(objects)
    for number in range(5):
        ledger.append(record(number))
    ledger.append(record(4))
    assert [one.id for one in ledger.history()] == ["id2", "id3", "id4"]
    assert ledger.history()[-1] == record(4)


def record(number):
    begun = Journal(id=f"id{number}", kind="deploy", release="r1", previous=None, began=float(number), by="ada")
    return Record.of(begun, outcome="succeeded", serving="r1", seconds=2.5)


def test_record_of_another_ecluse_version_is_skipped(objects):
    objects.create("history_0", "history", b'{"id": "0", "colour": "blue"}')
    ledger = SwarmLedger(objects)
    ledger.append(record(1))
    assert [one.id for one in ledger.history()] == ["id1"]


def test_object_name_contains_content_hash_and_environment(managers, objects):
    first = objects.ensure("site.conf", b"one", "configs")
    assert re.fullmatch(r"shop-staging_site\.conf_[0-9a-f]{12}", first)
    assert objects.ensure("site.conf", b"one", "configs") == first == objects.address("site.conf", b"one")
    assert len(managers.stores["configs"]) == 1
    assert objects.ensure("site.conf", b"two", "configs") != first
    other = Objects(managers, "shop-production").address("site.conf", b"one")
    assert other.rpartition("_")[2] != first.rpartition("_")[2], "nobody learns that two environments share a secret"


def test_pruning_keeps_used_and_newest_secrets(managers, objects):
    names = [objects.ensure("key", value, "secrets") for value in (b"1", b"2", b"3")]
    assert objects.newest("key") == names[-1] and objects.newest("other") is None
    objects.prune({names[0]})
    assert {one["Spec"]["Name"] for one in managers.stores["secrets"].values()} == {names[0], names[2]}
