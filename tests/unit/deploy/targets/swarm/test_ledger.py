"""Journal and history, files and secrets as configs and secrets of a swarm."""

from __future__ import annotations

import re

from ecluse.deploy.history import Journal, Record
from ecluse.deploy.targets.swarm import ledger as ledgers
from ecluse.deploy.targets.swarm.ledger import SwarmLedger
from ecluse.deploy.targets.swarm.objects import Objects


def journal(release="r1", **values):
    return Journal(id="1", kind="deploy", release=release, previous=None, began=1.0, by="ada", **values)


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
