"""A swarm in memory, and the objects of one environment in it."""

from __future__ import annotations

import pytest

from ecluse.deploy.targets.swarm.objects import Objects
from tests.support.doubles.managers import Managers


@pytest.fixture
def managers():
    return Managers()


@pytest.fixture
def objects(managers):
    return Objects(managers, "shop-staging")
