"""The program that runs on a server on behalf of a person elsewhere, here in a folder of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ecluse.machine import process
from testbed.containers import TOP
from testbed.waiting import until

pytestmark = pytest.mark.counted

TOOL = """#!/bin/sh
echo "result of $*"; echo "log of $* by $ECLUSE_BY with $TOKEN" >&2
[ "$1" = wait ] && exec sleep 60
exit 3
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The site's folder, with a tool that says what it was asked."""
    tool = tmp_path / "tools" / "t1" / "ecluse"
    tool.parent.mkdir(parents=True)
    tool.write_text(TOOL)
    tool.chmod(0o755)
    return tmp_path


def there(place: Path, *arguments: str, input: str = "") -> process.Answer:
    argv = (sys.executable, "-m", "ecluse.remote.there", *arguments)
    return process.read(argv, cwd=place, env=environ(), input=input, check=False, timeout=60)


def environ() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(TOP / "src")}


def order(*arguments: str) -> str:
    values: dict[str, Any] = {"arguments": arguments, "definition": "pipeline = 1\n", "variables": {"TOKEN": "t"}}
    return json.dumps({**values, "by": "ada@laptop"}) + "\n"


def ended(place: Path, id: str) -> bool:
    return (place / "runs" / id / "end").exists()


def test_run_goes_on_without_its_caller_and_is_followed(place: Path) -> None:
    assert there(place, "begin", "r1", "t1", input=order("deploy", "local")).ok
    assert there(place, "begin", "r1", "t1", input=order("deploy", "local")).ok, "it was begun already"
    assert there(place, "follow", "r1", "0").text == "log of deploy local by ada@laptop with t\n"
    found = json.loads(there(place, "end", "r1").output)
    assert (found["code"], found["goes_on"], found["result"]) == (3, False, "result of deploy local\n")
    looked = json.loads(there(place, "look", "local").output)
    assert looked["run"]["id"] == "r1" and looked["run"]["seen"] and looked["packaged"] == {}
    assert (place / "pipeline.py").read_text() == "pipeline = 1\n" and (place / "tool" / "ecluse").exists()


def test_run_is_interrupted_as_by_ctrl_c(place: Path) -> None:
    assert there(place, "begin", "r2", "t1", input=order("wait")).ok
    assert json.loads(there(place, "look", "local").output)["run"]["goes_on"]
    assert there(place, "interrupt", "r2").ok
    until(lambda: ended(place, "r2"), "the run has ended", seconds=30)
    assert json.loads(there(place, "end", "r2").output)["code"] == 128 + 2


def test_archive_is_kept_only_if_it_arrived_whole(place: Path) -> None:
    manifest = {"id": "one", "digest": hashlib.sha256(b"the archive").hexdigest()}
    assert there(place, "put", json.dumps(manifest), input="the archive").ok
    assert json.loads(there(place, "look", "local").output)["packaged"] == {"one": manifest["digest"]}
    cut = there(place, "put", json.dumps({**manifest, "id": "two"}), input="the arch")
    assert not cut.ok and b"did not arrive whole" in cut.errors
    assert sorted(path.name for path in (place / ".ecluse" / "releases").iterdir()) == ["one.json", "one.tar"]


@pytest.mark.parametrize(("word", "code"), [("status", 3), ("wait", 128 + 2)])
def test_forwarded_command_ends_with_its_caller(place: Path, word: str, code: int) -> None:
    argv = (sys.executable, "-m", "ecluse.remote.there", "forward", "t1")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    caller = process.spawn(argv, cwd=place, env=environ(), **pipes)
    assert caller.stdin is not None and caller.stdout is not None
    with caller.stdin as stdin, caller.stdout as stdout:
        stdin.write(order(word).encode())
        stdin.flush()
        assert stdout.readline() == f"result of {word}\n".encode()
        if word == "wait":
            stdin.close()  # the line is cut
        assert caller.wait(60) == code


def test_old_runs_and_tools_are_deleted(place: Path) -> None:
    for number in range(25):
        (place / "runs" / f"a{number:02}").mkdir(parents=True)
        (place / "runs" / f"a{number:02}" / "end").write_text("0")
    for number in range(5):
        (place / "tools" / f"old{number}").mkdir()
        os.utime(place / "tools" / f"old{number}", (number, number))
    assert there(place, "begin", "r9", "t1", input=order("stop")).ok
    until(lambda: ended(place, "r9"), "the run has ended", seconds=30)
    assert len(list((place / "runs").iterdir())) == 20 and (place / "tools" / "t1").exists()
    assert len(list((place / "tools").iterdir())) <= 4
