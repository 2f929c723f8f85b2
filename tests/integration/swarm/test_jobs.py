"""One-off jobs of a swarm, on this machine's engine."""

from __future__ import annotations

import os
import secrets
from contextlib import closing

import pytest

from ecluse.deploy.targets.swarm import one_off_jobs
from ecluse.deploy.targets.swarm.api import Api
from testbed.containers import docker
from testbed.swarm import LABEL

pytestmark = pytest.mark.engine


def test_long_line_of_a_job_is_read_whole(swarm: None) -> None:
    # The preflight of a release prints its report as one line; an engine keeps lines in pieces of 16 kB.
    name = f"ecluse-it-{secrets.token_hex(4)}"
    script = "echo before; printf report:; head -c 300000 /dev/zero | tr '\\0' x; echo; echo after"
    ends = ("--mode", "replicated-job", "--restart-condition", "none", "--container-label", LABEL, "--entrypoint", "sh")

    def start() -> None:
        docker("service", "create", "--detach", "--name", name, *ends, "--no-resolve-image", "registry:2", "-c", script)

    with closing(Api(("docker",), os.environ, "this machine")) as api:
        lines = one_off_jobs.run(api, name, start, timeout=60, until="report:")
    assert "report:" + 300_000 * "x" in lines
