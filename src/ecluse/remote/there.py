"""The program that runs on a server on behalf of a person elsewhere. Its folder is the site's.

A command that changes what serves runs apart from the connection, in a folder of ``runs``:

    log       what it prints for people
    result    its standard output
    pid       its process
    alive     locked for as long as somebody waits for its end
    end       its exit code, once it has ended
    seen      somebody has been told of its end

It runs in the tool that was sent. Its arguments are the name of a function below, and that function's arguments.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ecluse.machine import durable
from ecluse.machine.newest import newest_first

__all__: list[str] = []

RUNS, RELEASES, DEFINITIONS = Path("runs"), Path(".ecluse", "releases"), Path("definitions")
KEPT_RUNS, KEPT_RELEASES, KEPT_TOOLS, KEPT_DEFINITIONS = 20, 10, 3, 20


def look(environment: str) -> None:
    """Print what is here: packaged releases with their digests, the commits of unpacked ones, and the newest run."""
    packaged = {path.stem: _described(path).get("digest") for path in RELEASES.glob("*.json")}
    unpacked = Path(".ecluse", "environments", environment, "releases").glob("[!.]*/release.json")
    commits = {path.parent.name: _described(path).get("commit") for path in unpacked}
    newest = max((path.name for path in RUNS.glob("[!.]*")), default=None)
    run = None if newest is None else {"id": newest, **_state(newest)}
    print(json.dumps({"packaged": packaged, "commits": commits, "run": run}))


def put(manifest: str) -> None:
    """Keep the archive of a release that comes as standard input. *manifest* describes it."""
    values = json.loads(manifest)
    RELEASES.mkdir(parents=True, exist_ok=True)
    scratch = RELEASES / f".{values['id']}.{os.getpid()}"
    digest = hashlib.sha256()
    try:
        with open(scratch, "wb") as file:
            while piece := sys.stdin.buffer.read(1 << 20):
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != values["digest"]:
            sys.exit("the archive did not arrive whole")
        os.replace(scratch, RELEASES / f"{values['id']}.tar")
        durable.write_json(RELEASES / f"{values['id']}.json", values)
    finally:
        scratch.unlink(missing_ok=True)
    for old in newest_first(RELEASES.glob("*.tar"))[KEPT_RELEASES:]:
        old.with_suffix(".json").unlink(missing_ok=True)
        old.unlink(missing_ok=True)


def begin(id: str, tool: str) -> None:
    """Begin a run, or find it begun: standard input has its order."""
    order = json.load(sys.stdin)
    RUNS.mkdir(exist_ok=True)
    scratch = RUNS / f".{id}.{os.getpid()}"
    scratch.mkdir(mode=0o700)
    alive = os.open(scratch / "alive", os.O_RDWR | os.O_CREAT)
    fcntl.flock(alive, fcntl.LOCK_EX)
    durable.write_json(scratch / "about", {"arguments": order["arguments"], "by": order["by"], "began": time.time()})
    for name in ("log", "result"):
        (scratch / name).touch()
    try:
        scratch.rename(RUNS / id)
    except OSError:  # it was begun already, over a line that was cut before it said so
        shutil.rmtree(scratch)
        return
    _prune(id, tool)
    if os.fork():
        return
    os.setsid()
    _without_terminal()
    _run(RUNS / id, order, tool)


def follow(id: str, offset: str) -> None:
    """Print what a run has printed from *offset* on, and what it prints, until it has ended."""
    at = int(offset)
    with open(RUNS / id / "log", "rb") as log:
        log.seek(at)
        while True:
            ended = not _goes_on(id)  # asked first: what it printed last is then in the file
            while piece := log.read(65536):
                sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()
            if ended:
                return
            time.sleep(0.1)


def end(id: str) -> None:
    """Print how a run ended. Nobody has to be told of it any more."""
    (RUNS / id / "seen").touch()
    print(json.dumps({**_state(id), "result": (RUNS / id / "result").read_text(errors="replace")}))


def interrupt(id: str) -> None:
    """Let a run end as Ctrl-C would."""
    while _goes_on(id):
        if (RUNS / id / "pid").exists():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int((RUNS / id / "pid").read_text()), signal.SIGINT)
            return
        time.sleep(0.05)  # it is about to start


def forward(tool: str) -> None:
    """Run a command that ends with the line: the first line of standard input has its order."""
    order = json.loads(sys.stdin.buffer.readline())
    program = subprocess.Popen(
        _argv(tool, order), env=_environ(order, tool), stdin=subprocess.DEVNULL, start_new_session=True
    )

    def watch() -> None:
        sys.stdin.buffer.read()  # until nobody is there any more
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, number)
            time.sleep(5)

    threading.Thread(target=watch, daemon=True).start()
    code = program.wait()
    sys.stdout.flush()
    os._exit(code if code >= 0 else 128 - code)


def _run(folder: Path, order: Mapping[str, Any], tool: str) -> None:
    with open(folder / "log", "ab") as log, open(folder / "result", "ab") as result:
        program = subprocess.Popen(
            _argv(tool, order), env=_environ(order, tool), stdin=subprocess.DEVNULL, stdout=result, stderr=log
        )
    durable.write(folder / "pid", str(program.pid))
    code = program.wait()
    if code == 0:
        _settle(_definition(order), tool)
    durable.write(folder / "end", str(code if code >= 0 else 128 - code))
    os._exit(0)


def _argv(tool: str, order: Mapping[str, Any]) -> list[str]:
    return [str(Path("tools", tool, "ecluse").resolve()), *order["arguments"]]


def _environ(order: Mapping[str, Any], tool: str) -> dict[str, str]:
    definition = _definition(order)
    if not Path("ecluse").exists():
        _settle(definition, tool)
    about = {"ECLUSE_DEFINITION": str(definition.resolve()), "ECLUSE_BY": order["by"]}
    return {**os.environ, **order["variables"], **about}


def _definition(order: Mapping[str, Any]) -> Path:
    """The file with the order's definition of the environment."""
    text = order["definition"]
    path = DEFINITIONS / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.py"
    if not path.exists():
        DEFINITIONS.mkdir(exist_ok=True)
        durable.write(path, text)
    return path


def _settle(definition: Path, tool: str) -> None:
    """Let ``./ecluse`` here, for people and for what starts the site with the machine, be *tool* with *definition*."""
    durable.link(Path("pipeline.py"), definition)
    durable.link(Path("tool"), Path("tools", tool))
    durable.write(Path("ecluse"), '#!/bin/sh\ncd "$(dirname -- "$0")" && exec ./tool/ecluse "$@"\n', mode=0o755)


def _state(id: str) -> dict[str, Any]:
    folder = RUNS / id
    about = _described(folder / "about")
    code = (folder / "end").read_text() if (folder / "end").exists() else None
    return {
        **about,
        "goes_on": _goes_on(id),
        "code": None if code is None else int(code),
        "seen": (folder / "seen").exists(),
    }


def _goes_on(id: str) -> bool:
    if (RUNS / id / "end").exists():
        return False
    try:
        descriptor = os.open(RUNS / id / "alive", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)


def _prune(id: str, tool: str) -> None:
    """Delete old runs, definitions and tools. While another run than *id* goes on, nothing is deleted."""
    runs = sorted(path.name for path in RUNS.glob("[!.]*"))
    if any(_goes_on(run) for run in runs if run != id):
        return
    for run in runs[:-KEPT_RUNS]:
        shutil.rmtree(RUNS / run, ignore_errors=True)
    used = {Path("tool").resolve(), Path("tools", tool).resolve()}
    for old in newest_first(Path("tools").glob("[!.]*"))[KEPT_TOOLS:]:
        if old.resolve() not in used:
            shutil.rmtree(old, ignore_errors=True)
    pythons = {(path / ".ecluse").resolve() for path in Path("tools").glob("[!.]*")}
    for python in Path("pythons").glob("*"):
        if python.resolve() not in pythons:
            shutil.rmtree(python, ignore_errors=True)
    for definition in newest_first(DEFINITIONS.glob("*.py"))[KEPT_DEFINITIONS:]:
        if definition.resolve() != Path("pipeline.py").resolve():
            definition.unlink(missing_ok=True)


def _without_terminal() -> None:
    """Let go of the connection, which ends when nobody holds its ends any more."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def _described(path: Path) -> Mapping[str, Any]:
    """The JSON object in *path*; empty where there is none."""
    return durable.read_json(path) or {}


if __name__ == "__main__":
    functions = {"look": look, "put": put, "begin": begin, "follow": follow, "end": end, "interrupt": interrupt}
    try:
        {**functions, "forward": forward}[sys.argv[1]](*sys.argv[2:])  # type: ignore[operator]
    except OSError as error:
        sys.exit(f"{error.strerror}: {error.filename or os.getcwd()}")
