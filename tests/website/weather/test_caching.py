import threading
import time

import pytest
from django.core.cache import cache, caches

from testbed.load.together import together
from website.weather import caching
from website.weather.caching import cached


class Counter:
    """Makes something, slowly, and counts how often."""

    def __init__(self, pause=0.0):
        self.count, self.pause, self.lock = 0, pause, threading.Lock()

    def __call__(self):
        with self.lock:
            self.count += 1
        time.sleep(self.pause)
        return self.count


def test_cached_value_is_not_made_again():
    make = Counter()
    assert [cached("a", 60, make), cached("a", 60, make)] == [1, 1]
    assert cached("b", 60, make) == 2


def test_old_value_is_made_again(monkeypatch):
    make = Counter()
    cached("a", 60, make)
    now = time.time()
    monkeypatch.setattr(caching.time, "time", lambda: now + 61)
    assert cached("a", 60, make) == 2


def test_concurrent_misses_make_the_value_once():
    make = Counter(pause=0.1)
    assert together(20, lambda: cached("a", 60, make)) == [1] * 20
    assert make.count == 1


def test_value_made_before_the_lock_is_not_made_again(monkeypatch):
    make = Counter()
    backend = type(caches["default"])
    add = backend.add

    def late(*arguments):
        monkeypatch.setattr(backend, "add", add)
        assert cached("a", 60, make) == 1
        return add(*arguments)

    monkeypatch.setattr(backend, "add", late)
    assert cached("a", 60, make) == 1
    assert make.count == 1


def test_old_value_is_served_while_a_new_one_is_made(monkeypatch):
    cached("a", 60, lambda: "old")
    now = time.time()
    monkeypatch.setattr(caching.time, "time", lambda: now + 61)
    making, seen = threading.Event(), threading.Event()

    def slow():
        making.set()
        assert seen.wait(10)
        return "new"

    thread = threading.Thread(target=lambda: cached("a", 60, slow))
    thread.start()
    assert making.wait(10)
    assert cached("a", 60, lambda: "another") == "old"
    seen.set()
    thread.join()
    assert cached("a", 60, lambda: "another") == "new"


def test_error_while_making_a_value_is_raised_and_not_cached():
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cached("a", 60, fail)
    assert cached("a", 60, lambda: "well") == "well"


def test_waiting_caller_makes_the_value_if_the_maker_died(monkeypatch):
    monkeypatch.setattr(caching, "PATIENCE", 0.05)
    monkeypatch.setattr(cache, "add", lambda *arguments: False)
    assert cached("a", 60, lambda: "mine") == "mine"
