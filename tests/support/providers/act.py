"""GitHub's workflows, run for real by act (https://github.com/nektos/act), and what became of each job."""

from __future__ import annotations

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ecluse.definition.model import Event
from ecluse.machine import process
from ecluse.providers.github.actions import ACTIONS

__all__ = ["Play", "Played", "act", "commands", "ends", "event_file"]

# A job's container shares the machine's network, and its engine. What Testcontainers finds out by itself on a runner of
# GitHub, which is no container, it must be told there.
_ENVIRONMENT = {
    "DOCKER_HOST": "unix:///var/run/docker.sock",
    "TESTCONTAINERS_HOST_OVERRIDE": "127.0.0.1",
    "TESTCONTAINERS_RYUK_DISABLED": "true",
}

# Small actions in the place of GitHub's own, which need GitHub. Act plays the checkout itself.
_STAND_INS = Path(__file__).parent / "actions"


@dataclass(frozen=True)
class Played:
    """How a workflow went: by leg (``tests (3.13)``) that ran, ``success`` or ``failure``, and what it printed.

    *said* also has what act says of it, commands to the runner (``::error::``) among it.
    """

    results: Mapping[str, str]
    logs: Mapping[str, str]
    said: Mapping[str, str]
    output: str

    @property
    def red(self) -> set[str]:
        return {name for name, result in self.results.items() if result != "success"}

    def why(self) -> str:
        """The end of what each leg printed that did not succeed."""
        return ends({name: self.logs.get(name, "") for name in self.red})

    def commands(self) -> dict[str, list[str]]:
        """The commands that ``ecluse run`` ran in each leg."""
        return {name: commands(log) for name, log in self.logs.items()}


Play = Callable[..., Played]
"""Plays the workflows of a repository for an event: ``play(repository, event, …act's options)``."""


def ends(logs: Mapping[str, str]) -> str:
    """The last 6000 characters of each of *logs*, below its name."""
    return "\n\n".join(f"== {name}\n{log[-6000:]}" for name, log in logs.items())


def commands(log: str) -> list[str]:
    """The commands that ``ecluse run`` says it ran: each line ``$ …`` of its output."""
    return [line[2:] for line in log.splitlines() if line.startswith("$ ")]


def event_file(event: Event, folder: Path) -> tuple[str, Path]:
    """The name of *event* on GitHub, and a file with its payload."""
    payload: dict[str, object]
    if event.kind == "pull_request":
        payload = {"number": 7, "pull_request": {"head": {"ref": "topic"}, "base": {"ref": event.branch}}}
    elif event.kind == "merge_group":
        base = f"refs/heads/{event.branch}"
        payload = {"ref": f"refs/heads/gh-readonly-queue/{event.branch}/pr-7-c0ffee", "merge_group": {"base_ref": base}}
    else:
        payload = {"ref": f"refs/tags/{event.tag}" if event.kind == "tag" else f"refs/heads/{event.branch}"}
    path = folder / f"{event.kind}-{(event.branch or event.tag or '').replace('/', '-')}.json"
    path.write_text(json.dumps(payload))
    return (event.kind if event.kind in ("pull_request", "merge_group") else "push"), path


def understood(repository: Path, target: Path) -> Path:
    """The workflows of *repository* in a form that act takes, in the folder *target*.

    Act does not know two keywords of 2026: `queue` of a concurrency group, and `deployment` of an environment. Neither
    decides which jobs run, or how one ends.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for path in sorted((repository / ".github" / "workflows").glob("*.yml")):
        text = re.sub(r"^ +(?:queue: max|deployment: false)\n", "", path.read_text(), flags=re.MULTILINE)
        (target / path.name).write_text(text)
    return target


def act(program: str, repository: Path, event: Event, *options: str) -> Played:
    """Run the workflows of *repository* for *event*; *program* starts act with what it needs to be offline."""
    name, path = event_file(event, repository.parent)
    workflows = understood(repository, repository.parent / f"workflows-of-{repository.name}")
    environment = [part for pair in _ENVIRONMENT.items() for part in ("--env", "=".join(pair))]
    argv = [
        *(program, name),
        *("--directory", str(repository)),
        *("--workflows", str(workflows)),
        *("-e", str(path)),
        "--json",
        # Service containers publish their ports on the machine: one job at a time.
        *("--concurrent-jobs", "1"),
        "--rm",
        *_stand_ins(),
        *environment,
        *options,
    ]
    # Not in the repository: the program would look there for actions, and has stand-ins for some of them alone.
    done = process.run(argv, cwd=workflows, check=False, timeout=3600)
    return _read(done.output)


def _stand_ins() -> list[str]:
    """The options by which act takes our stand-ins, under the commits that pin what they stand for."""
    folders = {name: _STAND_INS / name for name in ACTIONS if (_STAND_INS / name).is_dir()}
    given = [f"{name}@{ACTIONS[name].commit}={folder}" for name, folder in folders.items()]
    return [part for one in given for part in ("--local-repository", one)]


def _read(output: str) -> Played:
    results: dict[str, str] = {}
    logs: defaultdict[str, list[str]] = defaultdict(list)
    said: defaultdict[str, list[str]] = defaultdict(list)
    for line in output.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        # act numbers the legs of a matrix: "tests (first)-1".
        leg = re.sub(r"(?<=\))-\d+$", "", str(entry.get("job", "")).partition("/")[2].strip())
        if not leg:
            continue
        said[leg].append(entry["msg"])
        if "jobResult" in entry:
            results[leg] = entry["jobResult"]
        elif entry.get("raw_output"):
            logs[leg].append(entry["msg"])
    return Played(results, _joined(logs), {leg: "\n".join(lines) for leg, lines in said.items()}, output)


def _joined(logs: Mapping[str, list[str]]) -> dict[str, str]:
    return {leg: "".join(lines) for leg, lines in logs.items()}
