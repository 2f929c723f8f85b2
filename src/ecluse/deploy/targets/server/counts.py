"""The answers of a slot's processes: how many, after how long, and how many were errors; in all, and minute by minute.

They are in a file of numbers of eight bytes: a block for each worker of gunicorn, which adds to its own alone. A block
has a row for all answers since the slot was described, then one for each of the last minutes. A row is the minute, the
errors, and the number of answers for each duration.

Copied into the target's folder beside gunicorn_conf.py; runs in a release's own Python, on the standard library alone.
"""

from __future__ import annotations

import array
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

__all__ = ["BOUNDS", "TallyFile", "Tally", "minutes_of", "together", "total_of"]

WORKERS, MINUTES = 64, 15
BOUNDS = tuple(round(0.001 * 2 ** (number / 2), 6) for number in range(29))
"""The seconds up to which each duration goes: 1 ms to 16 s, each one 1.4 times the one before. What takes longer has a
number of its own.
"""

WIDTH = 2 + len(BOUNDS) + 1
BLOCK = (1 + MINUTES) * WIDTH


class Tally(NamedTuple):
    """A number of answers by their duration, as ``BOUNDS`` has those, and how many of them were errors."""

    errors: int = 0
    durations: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)

    @property
    def answers(self) -> int:
        return sum(self.durations)

    def less(self, other: Tally) -> Tally:
        """The counts without *other*, which was counted earlier."""
        durations = (now - before for now, before in zip(self.durations, other.durations))
        return Tally(self.errors - other.errors, tuple(durations))

    def within(self, share: float) -> float:
        """The seconds within which that *share* of the answers was given, up to the next bound; 0 without answers."""
        wanted, reached = share * self.answers, 0
        for bound, number in zip((*BOUNDS, BOUNDS[-1]), self.durations):
            reached += number
            if reached and reached >= wanted:
                return bound
        return 0.0


class TallyFile:
    """The file at *path*, for a process that counts. Raises OSError where the disk has no room for it."""

    def __init__(self, path: str) -> None:
        self._counting = threading.Lock()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                # Memory for which a full disk has no room would end the process at the first answer that it counts.
                os.posix_fallocate(descriptor, 0, 8 * WORKERS * BLOCK)
            else:
                os.ftruncate(descriptor, 8 * WORKERS * BLOCK)
            self._memory = mmap.mmap(descriptor, 8 * WORKERS * BLOCK)
        finally:
            os.close(descriptor)

    def add(self, worker: int, seconds: float, error: bool, now: float | None = None) -> None:
        """Count an answer of the worker of gunicorn with the number *worker*."""
        minute = int((time.time() if now is None else now) // 60)
        duration = next((place for place, bound in enumerate(BOUNDS) if seconds <= bound), len(BOUNDS))
        block = worker % WORKERS * BLOCK
        with self._counting:
            recent = block + (1 + minute % MINUTES) * WIDTH
            if self._at(recent) != minute:
                self._memory[8 * recent : 8 * (recent + WIDTH)] = struct.pack(f"={WIDTH}Q", minute, *[0] * (WIDTH - 1))
            for row in (block, recent):
                self._increase(row + 2 + duration)
                if error:
                    self._increase(row + 1)

    def _at(self, place: int) -> int:
        return int(struct.unpack_from("=Q", self._memory, 8 * place)[0])

    def _increase(self, place: int) -> None:
        struct.pack_into("=Q", self._memory, 8 * place, self._at(place) + 1)


def together(all_of_them: Iterable[Tally]) -> Tally:
    """The sum of counts."""
    errors, durations = 0, [0] * (len(BOUNDS) + 1)
    for one in all_of_them:
        errors += one.errors
        durations = [sum(both) for both in zip(durations, one.durations)]
    return Tally(errors, tuple(durations))


def total_of(path: str | os.PathLike[str]) -> Tally:
    """All answers that the file at *path* has counted; none where there is no such file yet."""
    return together(Tally(row[1], tuple(row[2:])) for number, row in _rows(path) if number == 0)


def minutes_of(path: str | os.PathLike[str], number: int, now: float | None = None) -> Tally:
    """The answers of the last *number* minutes, and of the one that goes on."""
    minute = int((time.time() if now is None else now) // 60)
    recent = (row for place, row in _rows(path) if place and minute - number <= row[0] <= minute)
    return together(Tally(row[1], tuple(row[2:])) for row in recent)


def _rows(path: str | os.PathLike[str]) -> Iterator[tuple[int, array.array[int]]]:
    """Each row with its number in its block."""
    try:
        with open(path, "rb") as file:
            found = array.array("Q", file.read(8 * WORKERS * BLOCK))
    except (FileNotFoundError, ValueError):
        return
    for place in range(0, len(found) - WIDTH + 1, WIDTH):
        yield place % BLOCK // WIDTH, found[place : place + WIDTH]
