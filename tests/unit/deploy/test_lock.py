from __future__ import annotations

import os
from pathlib import Path

import pytest

from ecluse.deploy import lock
from ecluse.errors import LockHeld


def test_second_holder_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with lock.held(path, who="ada", host="mill", what="deploy of 4f1c", commit="c0ffee"):
        with pytest.raises(LockHeld, match=rf"ada on mill \(process {os.getpid()}\) since .*: deploy of 4f1c"):
            with lock.held(path, who="bob", host="mill", what="rollback"):
                pass
        holder = lock.holder(path)
        assert holder is not None and (holder.who, holder.commit) == ("ada", "c0ffee")


def test_a_lock_ends_with_its_context_also_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(RuntimeError):
        with lock.held(path, who="ada", host="mill", what="deploy"):
            raise RuntimeError
    assert lock.holder(path) is None
    assert not path.exists()


def test_lock_file_of_a_killed_holder_blocks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text('{"who": "ada"}')
    assert lock.holder(path) is None
    with lock.held(path, who="bob", host="mill", what="deploy"):
        holder = lock.holder(path)
        assert holder is not None and holder.who == "bob"


def test_heartbeat_is_recorded_in_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with lock.held(path, who="ada", host="mill", what="deploy") as held:
        before = lock.holder(path)
        held.beat()
        after = lock.holder(path)
    assert before is not None and after is not None
    assert after.since == before.since and after.heartbeat >= before.heartbeat


def test_lost_lock_is_noticed_at_the_next_heartbeat(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with lock.held(path, who="ada", host="mill", what="deploy") as held:
        lock.remove(path)
        with pytest.raises(LockHeld, match="was removed"):
            held.beat()
        with lock.held(path, who="bob", host="mill", what="deploy"):
            with pytest.raises(LockHeld):
                held.beat()
    assert lock.holder(path) is None
