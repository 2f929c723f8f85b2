"""The hook in this process: what Python would tell it, a test tells it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecluse.run.surroundings import PACKAGE

HOOK = PACKAGE / "run" / "hook" / "sitecustomize.py"

Hear = Callable[[str, tuple[Any, ...]], None]


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """The folder of a repository, in which the link ``current`` leads to ``v1``, one of two versions."""
    made = (tmp_path / "top").resolve()
    for version in ("v1", "v2"):
        (made / version).mkdir(parents=True)
        (made / version / "x").touch()
    (made / "current").symlink_to("v1")
    return made


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "log").mkdir()
    made = tmp_path / "log" / "reads"
    made.touch()
    return made


@pytest.fixture
def hear(top: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> Hear:
    """The audit hook, which Python itself calls for nothing; what is wrapped is as it was afterwards."""
    hooks: list[Hear] = []
    monkeypatch.setattr(sys, "addaudithook", hooks.append)
    for name in ("stat", "lstat", "access", "readlink", "open", "execve", "posix_spawn", "posix_spawnp"):
        monkeypatch.setattr(os, name, getattr(os, name))
    for name in ("supports_fd", "supports_dir_fd", "supports_follow_symlinks", "supports_effective_ids"):
        monkeypatch.setattr(os, name, {*getattr(os, name)})
    for name in ("__getitem__", "__contains__", "__iter__", "__setitem__", "__delitem__"):
        monkeypatch.setattr(type(os.environ), name, getattr(type(os.environ), name))
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setattr(os, "putenv", lambda name, value: None)
    with monkeypatch.context() as patch:
        patch.setenv("ECLUSE_READS", str(log))
        patch.setenv("ECLUSE_READS_BELOW", str(top))
        # Without its last lines, which listen and make way for another sitecustomize.
        source, _, _ = HOOK.read_text(encoding="utf-8").rpartition("\n_listen()\n")
        names: dict[str, Any] = {"__file__": str(HOOK), "__name__": "sitecustomize"}
        exec(compile(source, str(HOOK), "exec"), names)
        names["_listen"]()
    [hook] = hooks
    return hook


def files(log: Path, top: Path) -> set[str]:
    """The files below *top* of which a read was noted, whatever else was."""
    notes = log.read_bytes().decode().split("\0")
    return {os.path.relpath(note[1:], top) for note in notes if note[:1] == "r"}


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("os.system", (b"ln -sfn v2 current",)),
        ("os.fork", ()),
        ("os.forkpty", ()),
        ("os.symlink", ("v2", "current", -1)),
    ],
)
def test_link_is_followed_anew_after_what_may_change_it(
    hear: Hear, event: str, arguments: tuple[Any, ...], top: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(top)
    hear("open", ("current/x", "r", os.O_RDONLY))
    (top / "new").symlink_to("v2")
    (top / "new").rename(top / "current")
    hear("open", ("current/x", "r", os.O_RDONLY))
    assert files(log, top) == {"v1/x"}  # nothing has told of the change yet
    hear(event, arguments)
    hear("open", ("current/x", "r", os.O_RDONLY))
    assert files(log, top) == {"v1/x", "v2/x"}


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("os.link", ("v1/x", "copy", -1, -1)),
        ("ctypes.dlopen", ("v1/x",)),
        ("sqlite3.connect", ("file:v1/x",)),
        ("sqlite3.connect", ("file://localhost{top}/v1/%78?mode=ro",)),
        ("sqlite3.connect", (b"v1/x",)),
    ],
)
def test_read_by_another_way_than_open_is_noted(
    hear: Hear, event: str, arguments: tuple[Any, ...], top: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(top)
    first, *rest = arguments
    hear(event, (first.replace("{top}", str(top)) if isinstance(first, str) else first, *rest))
    assert files(log, top) == {"v1/x"}
