"""Work that is repeated while a context lasts."""

from __future__ import annotations

import threading

import pytest

from ecluse.machine.waiting import repeated


def test_work_is_repeated_until_the_context_ends() -> None:
    thrice, calls = threading.Event(), []

    def work() -> None:
        calls.append(threading.current_thread().name)
        if len(calls) == 3:
            thrice.set()

    with repeated(work, every=0.001, name="door"):
        assert thrice.wait(60)
    assert set(calls) == {"door"} and "door" not in {thread.name for thread in threading.enumerate()}


def test_repetition_ends_with_an_error_of_the_context() -> None:
    with pytest.raises(KeyError), repeated(lambda: None, every=60, name="door"):
        raise KeyError
    assert "door" not in {thread.name for thread in threading.enumerate()}
