"""The identity of a process: where it runs, and when its end is certain."""

from __future__ import annotations

import dataclasses
import os

import pytest

from ecluse.machine import identity


@pytest.fixture
def us() -> identity.Identity:
    found = identity.of(os.getpid())
    if found is None:
        pytest.skip("this kernel does not say where a process is")
    return found


def test_end_of_a_process_is_certain_only_in_our_namespace(us: identity.Identity) -> None:
    assert not us.ended()
    gone = dataclasses.replace(us, pid=2**22 + 1)
    assert identity.of(gone.pid) is None and gone.ended()
    assert not dataclasses.replace(gone, namespace="pid:[1]").ended()
    assert not dataclasses.replace(gone, boot="another").ended()


def test_reused_process_id_is_another_process(us: identity.Identity) -> None:
    assert dataclasses.replace(us, started="1").ended()
