"""Jobs that need not run again: what decides a leg's outcome, and what it left when it last succeeded with the same.

Only successes are kept. A job that rolls out, or that declares no inputs, has no key and is never skipped.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from ecluse.definition.plan import Leg, Plan
from ecluse.errors import RepositoryError
from ecluse.machine.newest import newest_first
from ecluse.run import reads, surroundings
from ecluse.run.inputs import Inputs, Snapshot
from ecluse.run.outcome import Outcome
from ecluse.run.reads import Heard, Judged

__all__ = ["Cache", "Fingerprint", "Hit", "differences", "printable"]

# Of each leg: enough to change branches and come back.
_KEPT = 5

# Variables of a shell's line or window: no outcome depends on them, and each shell has others.
_THIS_SHELL = frozenset({"_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES"})


@dataclass(frozen=True)
class Fingerprint:
    """All that decides a leg's outcome. *data* is JSON: files, commands, matrix, services, tools, programs, and hashes
    of variables. *snapshot* is the state of its inputs when it *began* (nanoseconds since 1970).
    """

    data: Mapping[str, Any]
    snapshot: Snapshot
    began: int

    @property
    def digest(self) -> str:
        """The name of these facts: equal facts have the same."""
        return _hash(_text(self.data))


@dataclass(frozen=True)
class Hit:
    """A former success: the folder that holds its ``log`` and ``output``, when it *ended*, and how long it took."""

    folder: Path
    ended: str
    seconds: float


class Cache:
    """Former successes in *folder*, which several runs may use at once. *secrets* are names of variables."""

    def __init__(
        self,
        folder: Path,
        inputs: Inputs,
        environ: Mapping[str, str],
        pythons: Mapping[str, str],
        secrets: Collection[str] = (),
    ) -> None:
        self._secrets = frozenset(secrets)
        self._lock = Lock()
        self._known_tools: dict[str, str] = {}
        self._folder = folder
        self._inputs = inputs
        self._environ = environ
        self._pythons = pythons

    def save(self) -> None:
        """Remember what was learned about files on the way."""
        with suppress(OSError):
            self._inputs.save()

    def facts(self, leg: Leg, plan: Plan) -> Fingerprint | None:
        """The facts that decide *leg*'s outcome now; None if the leg must run every time.

        Raises RepositoryError if the state of the inputs cannot be known, or what the leg will read.
        """
        job = leg.job
        if job.environment is not None or not job.inputs:
            return None
        began = time.time_ns()
        snapshot = self._inputs.snapshot(job.inputs)
        environ = {**self._environ, **job.env}
        commands = [[*step.run] for step in leg.steps()]
        surroundings.check_heard(commands)
        paths = [environ.get("PATH", os.defpath), *(step.env["PATH"] for step in leg.steps() if "PATH" in step.env)]
        python = leg.values.get("python", "")
        data = {
            "files": snapshot.hashes,
            "commands": commands,
            "matrix": dict(leg.values),
            "outputs": [asdict(output) for output in job.outputs],
            "timeout": job.timeout,
            "services": [asdict(service) for service in plan.pipeline.services if service.name in job.services],
            "tools": self._tools() | {"python": self._pythons.get(python) or sys.version},
            "programs": surroundings.programs(commands, paths, environ, self._inputs, snapshot.tree.files),
            "variables": self._variables(leg),
        }
        return Fingerprint(data, snapshot, began)

    def _tools(self) -> dict[str, str]:
        with self._lock:  # the same for every leg, and slow to ask
            self._known_tools = self._known_tools or surroundings.tools(self._inputs)
            return self._known_tools

    def _variables(self, leg: Leg) -> dict[str, str]:
        declared = dict(leg.job.env)
        for index, step in enumerate(leg.steps()):
            declared |= {f"step {index + 1}: {name}": value for name, value in step.env.items()}
        commands = [[*step.run, *step.env.values()] for step in leg.steps()]
        outside = surroundings.variables(commands, self._environ, self._inputs.top)
        hashes = {name: _hash(value) for name, value in (outside | declared).items() if name not in self._secrets}
        return hashes | {name: _secret_hash(name, self._environ.get(name, "")) for name in leg.job.secrets}

    def find(self, leg: Leg, facts: Fingerprint) -> Hit | None:
        """The success of *leg* with the same *facts*, if there was one, and all that it read is as it was."""
        folder = self._folder / leg.slug / facts.digest
        entry = _entry(folder)
        if entry is None or not (folder / "log").is_file() or self._changed(entry, facts):
            return None
        with suppress(OSError):
            os.utime(folder)  # the least recently used goes first
        return Hit(folder, str(entry["ended"]), float(entry["seconds"]))

    def explain(self, leg: Leg, facts: Fingerprint) -> tuple[str, ...]:
        """The changes since the last success of *leg*."""
        latest = next(iter(self._entries(leg)), None)
        entry = _entry(latest) if latest else None
        if not entry:
            return ("no success of this job is remembered",)
        return (*differences(entry["facts"], facts.data), *self._changed(entry, facts))

    def _changed(self, entry: Mapping[str, Any], facts: Fingerprint) -> tuple[str, ...]:
        """The files and variables that a former success read besides its inputs, and that have changed since."""
        with suppress(RepositoryError):
            changed = [key for key, was in entry["reads"].items() if self._state(facts, key) != was]
            return tuple(
                (
                    f"environment variable: {name}"
                    if kind == "variable"
                    else f"changed, and read without being an input: {printable(name)}"
                )
                for kind, _, name in (key.partition(" ") for key in changed)
            )
        return ("what it read cannot be read now",)

    def judge(self, leg: Leg, facts: Fingerprint, heard: Heard) -> Judged:
        """The dependencies of a leg besides its inputs, by what its Pythons read (see :mod:`ecluse.run.reads`)."""
        found = reads.judge(self._inputs, leg.job.inputs, facts.snapshot, facts.began, heard)
        variables = [f"variable {name}" for name in sorted(heard.variables - _THIS_SHELL)]
        found.noted |= {key: self._state(facts, key) for key in variables}
        return found

    def _state(self, facts: Fingerprint, key: str) -> str:
        """The state of what was read besides the inputs: of a variable, a hash of the caller's value."""
        kind, _, name = key.partition(" ")
        if kind != "variable":
            return reads.state(self._inputs, facts.snapshot, key)
        value = self._environ.get(name)
        if value is None:
            return "not set"
        return _secret_hash(name, value) if name in self._secrets else _hash(value)

    def store(self, outcome: Outcome, facts: Fingerprint, noted: Mapping[str, str], ended: str) -> str:
        """Remember a success. Returns why not, where it is not: its inputs changed while it ran.

        Changed back is changed: nobody knows which content the job saw. *noted* is what else it read.
        """
        leg = outcome.leg
        assert outcome.status == "passed" and outcome.log is not None
        after = self._inputs.snapshot(leg.job.inputs)
        if (after.hashes, after.states) != (facts.snapshot.hashes, facts.snapshot.states):
            was, now = facts.snapshot, after
            paths = sorted({*was.states, *now.states})
            changed = [path for path in paths if was.states.get(path) != now.states.get(path)] or ["a submodule"]
            return f"{printable(changed[0])} changed while it ran"
        home = self._folder / leg.slug
        home.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=home, prefix=".new-"))
        try:
            shutil.copyfile(outcome.log, temporary / "log")
            if outcome.output is not None and outcome.output.is_dir():
                shutil.copytree(outcome.output, temporary / "output", symlinks=True)
            entry = {"facts": facts.data, "reads": noted, "ended": ended, "seconds": outcome.seconds}
            (temporary / "entry.json").write_text(_text(entry), encoding="utf-8")
            made = home / facts.digest
            shutil.rmtree(made, ignore_errors=True)  # of the same inputs, but it had read something else
            with suppress(OSError):  # another run was first with the same
                temporary.rename(made)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        for old in self._entries(leg)[_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
        return ""

    def _entries(self, leg: Leg) -> list[Path]:
        """The folders of *leg*'s successes, the newest first."""
        with suppress(OSError):
            return newest_first(path for path in (self._folder / leg.slug).iterdir() if not path.name.startswith("."))
        return []


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """The differences between the facts *old* and *new*, one line for each, files first."""
    before, now = old.get("files", {}), new["files"]
    lines = [f"changed: {printable(path)}" for path in now if path in before and before[path] != now[path]]
    lines += [f"new: {printable(path)}" for path in now if path not in before]
    lines += [f"gone: {printable(path)}" for path in before if path not in now]
    for name in sorted({*old.get("tools", {}), *new["tools"]}):
        was, is_ = old.get("tools", {}).get(name), new["tools"].get(name)
        if was != is_:
            lines.append(f"{name}: {was} → {is_}")
    for kind, label in (("programs", "program"), ("variables", "environment variable")):
        for name in sorted({*old.get(kind, {}), *new[kind]}):
            if old.get(kind, {}).get(name) != new[kind].get(name):
                lines.append(f"{label}: {name}")
    definition = ("commands", "matrix", "services", "outputs", "timeout")
    lines += [f"definition: {name}" for name in definition if old.get(name) != new[name]]
    return tuple(lines)


def printable(path: str) -> str:
    """*path* for people: a name that is not UTF-8 has a mark where it is not."""
    return os.fsencode(path).decode("utf-8", "replace")


def _entry(folder: Path) -> dict[str, Any] | None:
    try:
        entry = json.loads((folder / "entry.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return entry if isinstance(entry, dict) and {"facts", "reads", "ended", "seconds"} <= entry.keys() else None


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@lru_cache
def _secret_hash(name: str, value: str) -> str:
    """A hash that is another one when the secret has been rotated, and that is no use to a reader of the cache who
    tries values: it is slow, and one value in a million has the same.
    """
    slow = hashlib.pbkdf2_hmac("sha256", value.encode("utf-8", "surrogateescape"), f"ecluse {name}".encode(), 200_000)
    return slow.hex()[:5]
