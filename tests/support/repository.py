"""A small repository with a pipeline of its own, in which ``ecluse`` is called as people and providers call it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ecluse.machine import process
from ecluse.providers import PROVIDERS

__all__ = ["Repository", "job"]

SOURCE = Path(__file__).parents[2] / "src"
MARKERS = {provider.marker for provider in PROVIDERS.values()}


class Repository:
    """A repository at *top*: ``.ecluse`` and ``made`` are ignored."""

    def __init__(self, top: Path) -> None:
        self.top = top
        git = ("git", "-c", "init.defaultBranch=main", "-C", top)
        process.run((*git, "init", "--quiet"))
        (top / ".gitignore").write_text("/.ecluse/\n/made/\n")
        (top / "made").mkdir()
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if name not in MARKERS and not name.startswith(("ECLUSE_", "CI"))
        } | {"PYTHONPATH": str(SOURCE), "NO_COLOR": "1"}

    def pipeline(self, jobs: str, **rest: str) -> None:
        fields = "".join(f", {name}={value}" for name, value in rest.items())
        imports = "from ecluse import *\nfrom ecluse import command as c\n"
        (self.top / "pipeline.py").write_text(f"{imports}pipeline = Pipeline(name='p', jobs=({jobs},){fields})\n")

    def argv(self, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "ecluse", *arguments)

    def ecluse(self, *arguments: str, env: Mapping[str, str] | None = None) -> process.Completed:
        environ = {**self.environ, **(env or {})}
        return process.run(self.argv(*arguments), cwd=self.top, env=environ, check=False, timeout=60)

    def record(self) -> Any:
        return json.loads((self.folder() / "run.json").read_text())

    def folder(self) -> Path:
        return max((self.top / ".ecluse" / "runs").iterdir())

    def statuses(self) -> dict[str, str]:
        return {leg["name"]: leg["status"] for leg in self.record()["legs"]}


def job(name: str, script: str, **fields: str) -> str:
    rest = "".join(f", {field}={value}" for field, value in fields.items())
    return f"Job(name={name!r}, steps=(c('sh', '-c', {script!r}),){rest})"
