"""Repositories with a small Django project that knows nothing of Écluse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.containers import TOP

PROJECTS = TOP / "testbed" / "projects" / "adopt"


class Repository:
    """A git repository at *top*, and Écluse's command there."""

    def __init__(self, top: Path) -> None:
        self.top = top

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Someone", "-c", "user.email=someone@shop.example")
        done = subprocess.run(("git", *identity, *arguments), cwd=self.top, check=True, capture_output=True, text=True)
        return done.stdout

    def ecluse(self, *arguments: str, check: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "DATABASE_URL"))}
        variables = {**kept, "PYTHONPATH": str(TOP / "src"), **environ}
        argv = (sys.executable, "-P", "-m", "ecluse", *arguments)
        done = subprocess.run(argv, cwd=self.top, env=variables, capture_output=True, text=True, timeout=900)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def content(self) -> dict[str, bytes]:
        """Every file that git does not ignore, with its content."""
        listed = self.git("ls-files", "--cached", "--others", "--exclude-standard").splitlines()
        return {name: (self.top / name).read_bytes() for name in listed}

    def adopt(self, *arguments: str, check: bool = True) -> dict[str, Any]:
        """The output of ``ecluse adopt --json``."""
        found: dict[str, Any] = json.loads(self.ecluse("adopt", "--json", *arguments, check=check).stdout)
        return found


@pytest.fixture
def repository(request: pytest.FixtureRequest) -> Iterator[Repository]:
    """A repository with the project that the test's parameter names, in a folder that every account may enter."""
    with tempfile.TemporaryDirectory(prefix="ecluse-") as folder:
        Path(folder).chmod(0o755)
        top = Path(folder).resolve() / "shop"
        shutil.copytree(PROJECTS / request.param, top, ignore=shutil.ignore_patterns("__pycache__"))
        made = Repository(top)
        made.git("init", "--quiet", "--initial-branch=main")
        made.git("add", ".")
        made.git("commit", "--quiet", "--message=A project")
        try:
            yield made
        finally:
            made.ecluse("stop", "local", check=False)
