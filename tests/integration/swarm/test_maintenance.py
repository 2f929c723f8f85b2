"""A page in place of the site: the front server's, which no rollout replaces."""

from __future__ import annotations

import pytest

from testbed.containers import answers
from testbed.swarm import SwarmShop

pytestmark = pytest.mark.engine


def test_maintenance_page_stays_during_a_rollout(shop: SwarmShop, one: str, two: str) -> None:
    site = f"http://{shop.address}:{shop.port}"
    shop.ecluse("maintenance", "on", "staging")
    try:
        status, page = answers(f"{site}/")
        assert status == 503 and "Travaux en cours" in page
        shop.ecluse("deploy", "staging", "--release", two)
        assert answers(f"{site}/")[0] == 503
        assert answers(f"{site}/readiness/")[0] == 200
        assert shop.status()["maintenance"]["by"]
    finally:
        shop.ecluse("maintenance", "off", "staging")
    assert answers(f"{site}/")[0] == 200
    assert shop.status()["maintenance"] is None
