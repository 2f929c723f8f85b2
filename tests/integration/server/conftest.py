"""Machines for the tests of a server that is reached by SSH."""

from __future__ import annotations

import pytest

from testbed.containers import docker
from testbed.machines import IMAGE


@pytest.fixture(scope="session")
def engine() -> None:
    try:
        known = docker("image", "inspect", IMAGE, check=False).returncode == 0
    except FileNotFoundError:
        known = False
    if not known:
        pytest.skip(f"no Docker engine with the image {IMAGE}")
