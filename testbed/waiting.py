"""Waiting for something to come about: a condition, never a time."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["until"]


def until(condition: Callable[[], bool], what: str, *, seconds: float = 120) -> None:
    """Return once *condition* holds; fail, saying *what* was waited for, where it does not in time."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"waited {seconds:g} s for {what}"
        time.sleep(0.005)
