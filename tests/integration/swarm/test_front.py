"""The front server of a swarm of one machine: changed on request, and changed back where it does not serve."""

from __future__ import annotations

import re

import pytest

from testbed.containers import answers
from testbed.swarm import SwarmShop

pytestmark = pytest.mark.engine


def test_front_that_does_not_run_is_changed_back(shop: SwarmShop, one: str) -> None:
    shop.tag("one", f"staging-{shop.git('rev-parse', 'HEAD')}")
    site = f"http://{shop.address}:{shop.port}"
    with shop.edited("  front:\n", '  front:\n    command: ["false"]\n'):
        done = shop.ecluse("front", "staging", check=False)
    assert done.returncode == 10 and "front does not run: " in done.output, done.output
    assert "the front server is as it was before" in done.output and "Traceback" not in done.output
    assert answers(f"{site}/")[0] == 200
    with shop.edited("      SITE: web:8000\n", "      SITE: web:8000\n      CHANGED: here\n"):
        changed = shop.ecluse("front", "staging").output
    assert re.search(r"the door was closed for \d+\.\d s", changed), changed
    assert "the door was never closed" not in changed and "front runs on " in changed
    assert answers(f"{site}/")[0] == 200
    assert "the door was closed for" in shop.ecluse("front", "staging").output, "changed back by hand"
    assert "the door was never closed" in shop.ecluse("front", "staging").output, "as the file says"
