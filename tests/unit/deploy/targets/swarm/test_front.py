"""The gap that visitors notice while the front server is changed."""

from __future__ import annotations

from ecluse.deploy.health import Readiness
from ecluse.deploy.targets.swarm.front import Gap


def test_gap_is_the_longest_time_without_an_answer() -> None:
    now, status = 0.0, 200
    gap = Gap(lambda: Readiness(status), lambda: now)
    for now, status in ((0, 200), (1, 0), (2, 0), (3.5, 200), (4, 0), (5, 502), (6, 200)):
        gap.look()
    assert gap.seconds == 2.5
