"""The lock of an environment as a config of a swarm."""

from __future__ import annotations

import dataclasses
import os

import pytest

from ecluse.deploy.history import Journal
from ecluse.deploy.targets.swarm import lock as locks
from ecluse.deploy.targets.swarm.ledger import SwarmLedger
from ecluse.deploy.targets.swarm.lock import SwarmLock
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.errors import LockHeld, TargetError
from ecluse.machine import identity

WHO = {"who": "ada", "host": "elsewhere", "what": "deploy of r1"}


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
    managers.ahead = locks.STALE - 5
    with pytest.raises(LockHeld):
        with lock.held(**WHO):
            pass
    managers.ahead = locks.STALE + 5
    assert lock.holder() is None
    with lock.held(**WHO):
        assert left not in managers.stores["configs"]


def process(**changes):
    """The process of a holder: ours, with *changes*."""
    us = identity.of(os.getpid())
    if us is None:
        pytest.skip("this kernel does not say where a process is")
    return lambda pid: dataclasses.replace(us, **changes)


def test_lock_of_an_ended_process_beside_us_is_free_at_once(lock, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(identity, "of", process(pid=2**22 + 1))
        lock._take(holder(lock))
    with lock.held(**WHO):
        pass


@pytest.mark.parametrize("changes", [{}, {"namespace": "pid:[1]"}, {"boot": "another"}])
def test_lock_stays_where_the_end_is_not_certain(lock, monkeypatch, changes):
    gone = {"pid": 2**22 + 1} if changes else {}
    with monkeypatch.context() as patched:
        patched.setattr(identity, "of", process(**changes, **gone))
        lock._take(holder(lock, host=os.uname().nodename, pid=2**22 + 1))
    with pytest.raises(LockHeld):
        with lock.held(**WHO):
            pass


def test_lock_whose_answer_was_lost_is_ours(managers, lock, monkeypatch):
    post = managers.post

    def lost(*arguments, **query):
        post(*arguments, **query)
        raise TargetError("no Docker engine answers: the connection was cut")

    monkeypatch.setattr(managers, "post", lost)
    kept = lock._take(holder(lock))
    assert kept in managers.stores["configs"]


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
    with lock.held(**WHO):
        lock.remove()
        taken = other._take(holder(other, who="bob"))
    assert taken in managers.stores["configs"]


def holder(lock, **values):
    return locks.Holder(
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
