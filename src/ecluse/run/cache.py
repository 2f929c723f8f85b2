"""Jobs that need not run again: what decides a leg's outcome, and what it left when it last succeeded with the same.

Only successes are kept. A job that rolls out, or that declares no inputs, has no key and is never skipped.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from ecluse.definition.plan import Leg, Plan
from ecluse.run.inputs import Inputs
from ecluse.run.outcome import Outcome

__all__ = ["Cache", "Facts", "Hit", "differences"]

# Of each leg: enough to change branches and come back.
_KEPT = 5

# How the outcome of the same command differs with the caller's environment: what tox.ini passes on, and services read.
_VARIABLES = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS", "TOX_OVERRIDE", "ECLUSE_POSTGRES")

_TOOLS = ("ecluse", "tox", "tox-uv", "uv")

Facts = Mapping[str, Any]
"""All that decides a leg's outcome, as JSON: files, commands, matrix, services, tools, and hashes of variables."""


@dataclass(frozen=True)
class Hit:
    """A former success: the folder that holds its ``log`` and ``output``, when it *ended*, and how long it took."""

    folder: Path
    ended: str
    seconds: float


class Cache:
    """Former successes in *folder*, which several runs may use at once."""

    def __init__(self, folder: Path, inputs: Inputs, environ: Mapping[str, str], pythons: Mapping[str, str]) -> None:
        self._folder = folder
        self._inputs = inputs
        self._environ = environ
        self._pythons = pythons

    def save(self) -> None:
        """Remember what was learned about files on the way."""
        with suppress(OSError):
            self._inputs.save()

    def facts(self, leg: Leg, plan: Plan) -> Facts | None:
        """The facts that decide *leg*'s outcome now; None if the leg must run every time.

        Raises RepositoryError if the inputs cannot be listed.
        """
        job = leg.job
        if job.environment is not None or not job.inputs:
            return None
        python = leg.values.get("python", "")
        return {
            "files": self._inputs.digest(job.inputs),
            "commands": [[*step.run] for step in leg.steps()],
            "matrix": dict(leg.values),
            "outputs": [asdict(output) for output in job.outputs],
            "services": [asdict(service) for service in plan.pipeline.services if service.name in job.services],
            "tools": {
                **{name: _version(name) for name in _TOOLS},
                "python": self._pythons.get(python) or platform.python_version(),
                "platform": platform.platform(),
            },
            "variables": self._variables(leg),
        }

    def _variables(self, leg: Leg) -> dict[str, str]:
        declared = dict(leg.job.env)
        for index, step in enumerate(leg.steps()):
            declared |= {f"step {index + 1}: {name}": value for name, value in step.env.items()}
        outside = {name: self._environ[name] for name in _VARIABLES if name in self._environ}
        hashes = {name: _hash(value) for name, value in (outside | declared).items()}
        # Of secrets the names alone: a hash would let a reader of the cache try values.
        return hashes | dict.fromkeys(leg.job.secrets, "secret")

    def find(self, leg: Leg, facts: Facts) -> Hit | None:
        """The success of *leg* with the same *facts*, if there was one."""
        folder = self._folder / leg.slug / _hash(_text(facts))
        entry = _entry(folder)
        if entry is None or not (folder / "log").is_file():
            return None
        with suppress(OSError):
            os.utime(folder)  # the least recently used goes first
        return Hit(folder, str(entry["ended"]), float(entry["seconds"]))

    def explain(self, leg: Leg, facts: Facts) -> tuple[str, ...]:
        """The changes since the last success of *leg*."""
        latest = next(iter(self._entries(leg)), None)
        entry = _entry(latest) if latest else None
        return differences(entry["facts"], facts) if entry else ("no success of this job is remembered",)

    def store(self, outcome: Outcome, facts: Facts, ended: str) -> None:
        """Remember a success, unless its inputs changed while it ran: nobody knows which ones it saw."""
        leg = outcome.leg
        assert outcome.status == "passed" and outcome.log is not None
        if self._inputs.digest(leg.job.inputs) != facts["files"]:
            return
        home = self._folder / leg.slug
        home.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=home, prefix=".new-"))
        try:
            shutil.copyfile(outcome.log, temporary / "log")
            if outcome.output is not None and outcome.output.is_dir():
                shutil.copytree(outcome.output, temporary / "output", symlinks=True)
            entry = {"facts": facts, "ended": ended, "seconds": outcome.seconds}
            (temporary / "entry.json").write_text(_text(entry), encoding="utf-8")
            with suppress(OSError):  # another run was first with the same
                temporary.rename(home / _hash(_text(facts)))
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        for old in self._entries(leg)[_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)

    def _entries(self, leg: Leg) -> list[Path]:
        """The folders of *leg*'s successes, the newest first."""
        found: list[tuple[float, Path]] = []
        with suppress(OSError):
            for folder in (self._folder / leg.slug).iterdir():
                with suppress(OSError):
                    if not folder.name.startswith("."):
                        found.append((folder.stat().st_mtime, folder))
        return [folder for _time, folder in sorted(found, reverse=True)]


def differences(old: Facts, new: Facts) -> tuple[str, ...]:
    """The differences between *old* and *new*, one line for each, files first."""
    before, now = old.get("files", {}), new["files"]
    lines = [f"changed: {path}" for path in now if path in before and before[path] != now[path]]
    lines += [f"new: {path}" for path in now if path not in before]
    lines += [f"gone: {path}" for path in before if path not in now]
    for name in sorted({*old.get("tools", {}), *new["tools"]}):
        was, is_ = old.get("tools", {}).get(name), new["tools"].get(name)
        if was != is_:
            lines.append(f"{name}: {was} → {is_}")
    for name in sorted({*old.get("variables", {}), *new["variables"]}):
        if old.get("variables", {}).get(name) != new["variables"].get(name):
            lines.append(f"environment variable: {name}")
    lines += [
        f"definition: {name}" for name in ("commands", "matrix", "services", "outputs") if old.get(name) != new[name]
    ]
    return tuple(lines)


def _entry(folder: Path) -> dict[str, Any] | None:
    try:
        entry = json.loads((folder / "entry.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return entry if isinstance(entry, dict) and {"facts", "ended", "seconds"} <= entry.keys() else None


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "none"
