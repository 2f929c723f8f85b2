"""Two repositories whose pipelines have the same names: they share no environment."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from ecluse.machine import process
from testbed.swarm import SwarmShop

pytestmark = pytest.mark.engine


def test_another_repository_is_refused_until_it_takes_over(shop: SwarmShop, one: str, tmp_path: Path) -> None:
    fork = tmp_path / "fork"
    shutil.copytree(shop.folder, fork, ignore=shutil.ignore_patterns(".git", ".ecluse"))
    for step in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "another beginning"]):
        process.run(("git", "-c", "user.name=b", "-c", "user.email=b@shop.test", *step), cwd=fork)

    def theirs(*arguments: str) -> process.Completed:
        argv = (sys.executable, "-m", "ecluse", *arguments, "--release", one)
        return process.run(argv, cwd=fork, env=shop.environ, check=False, timeout=400)

    root = shop.git("rev-list", "--max-parents=0", "HEAD")[:12]
    refused = theirs("deploy", "staging")
    assert refused.returncode == 10 and f"begins with commit {root}" in refused.output
    assert "./ecluse deploy staging --take-over" in refused.output and "Traceback" not in refused.output
    assert shop.images("web") == {one} and shop.step() is None
    try:
        assert "is taken over" in theirs("deploy", "staging", "--take-over").output
        ours = shop.ecluse("rollback", "staging", check=False)
        assert ours.returncode == 10 and "belongs to another repository" in ours.output
    finally:
        shop.ecluse("deploy", "staging", "--release", one, "--take-over")
