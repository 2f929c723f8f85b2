"""The events that build and promote, as GitHub plays them."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from ecluse.definition.model import Event
from testbed.containers import answers, await_, free_port
from tests.support.providers.act import act
from tests.support.providers.repositories import image_alone

pytestmark = [pytest.mark.engine, pytest.mark.exhaustive]


@pytest.fixture
def registry(start):
    port = free_port()
    start("--publish", f"127.0.0.1:{port}:5000", "registry:2")
    await_(lambda: answers(f"http://127.0.0.1:{port}/v2/")[0] == 200, "the registry answers")
    return f"http://127.0.0.1:{port}/team"


def test_tag_event_promotes_the_images_the_push_event_tested(clone, registry):
    program = os.environ.get("ECLUSE_ACT")
    if not program:
        pytest.skip("ECLUSE_ACT does not name a program that starts act")
    repository = clone("022")
    image_alone(repository)
    # No rollout comes between the two here.
    pipeline = repository / "pipeline.py"
    pipeline.write_text(pipeline.read_text().replace(', after="staging"', ""))
    environment = {**os.environ, "PYTHONPATH": str(repository / "src")}
    subprocess.run([sys.executable, "-m", "ecluse", "render"], cwd=repository, env=environment, check=True)
    identity = ("-c", "user.name=a test", "-c", "user.email=test@shop.test")
    subprocess.run(["git", *identity, "commit", "--quiet", "--all", "--message", "alone"], cwd=repository, check=True)

    secret = ("-s", f"ECLUSE_REGISTRY={registry}")
    pushed = act(program, repository, Event(kind="push", branch="staging"), "-j", "image", *secret)
    assert pushed.results == {"image": "success"}, pushed.output[-5000:]
    subprocess.run(["git", "tag", "v1.2.3"], cwd=repository, check=True)
    promoted = act(program, repository, Event(kind="tag", tag="v1.2.3"), "-j", "promote", *secret)
    assert promoted.results == {"promote": "success"}, promoted.output[-5000:]

    def digests(log):
        return sorted(set(re.findall(r"website\S*@(sha256:[0-9a-f]{64})", log)))

    assert len(digests(pushed.logs["image"])) == 2
    assert digests(promoted.logs["promote"]) == digests(pushed.logs["image"])
