from __future__ import annotations

import os
from pathlib import Path

import pytest

from ecluse.machine import git
from ecluse.run.inputs import Inputs, Snapshot
from ecluse.run.reads import Heard, Log, judge, named, state

FILES = frozenset({"app/a.py", "app/b.py", "docs/x.md", "docs/y.md", "tox.ini"})


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    for path in FILES:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(path)
    return Inputs(tmp_path, tmp_path / "index")


@pytest.fixture
def before() -> Snapshot:
    """The inputs are ``app/**``."""
    return Snapshot(git.Tree(FILES, {}), covered={"app/a.py", "app/b.py"})


def heard(opened: list[str], listed: list[str], *questions: str) -> Heard:
    return Heard({*opened}, {*listed}, {*questions})


def test_read_of_an_input_needs_nothing(inputs: Inputs, before: Snapshot) -> None:
    found = judge(inputs, ("app/**",), before, 0, heard(["app/a.py"], []))
    assert (found.unnamed, found.noted) == ([], {})


def test_read_of_another_known_file_is_unnamed(inputs: Inputs, before: Snapshot) -> None:
    assert judge(inputs, ("app/**",), before, 0, heard(["docs/x.md", "app/a.py"], [])).unnamed == ["docs/x.md"]


def test_listing_of_a_folder_without_inputs_is_unnamed(inputs: Inputs, before: Snapshot) -> None:
    assert judge(inputs, ("app/**",), before, 0, heard([], ["docs"])).unnamed == ["docs/"]


def test_listing_of_a_folder_that_a_pattern_reaches_is_noted(inputs: Inputs, before: Snapshot) -> None:
    found = judge(inputs, ("app/**", "**/*.yml"), before, 0, heard([], ["docs"]))
    assert (found.unnamed, list(found.noted)) == ([], ["folder docs"])


def test_listing_above_inputs_notes_the_names(inputs: Inputs, before: Snapshot) -> None:
    found = judge(inputs, ("app/**",), before, 0, heard([], ["."]))
    assert found.unnamed == []
    (noted,) = found.noted.items()
    after = Snapshot(git.Tree(FILES | {"docs/z.md"}, {}))
    assert state(inputs, after, noted[0]) == noted[1], "docs was there already"
    after = Snapshot(git.Tree(FILES | {"new.ini"}, {}))
    assert state(inputs, after, noted[0]) != noted[1]


def test_ignored_file_is_noted_by_its_content(inputs: Inputs, before: Snapshot) -> None:
    (inputs.top / ".env").write_text("A=1")
    found = judge(inputs, ("app/**",), before, 2**63, heard([".env"], []))
    assert found.unnamed == [] and list(found.noted) == ["file .env"]
    (inputs.top / ".env").write_text("A=2")
    assert state(inputs, before, "file .env") != found.noted["file .env"]


def test_missing_file_is_noted_as_missing(inputs: Inputs, before: Snapshot) -> None:
    assert judge(inputs, ("app/**",), before, 0, heard(["local.py"], [])).noted == {"file local.py": "not there"}


def test_answers_to_questions_are_noted(inputs: Inputs, before: Snapshot) -> None:
    (inputs.top / "current").symlink_to("docs")
    asked = heard([], [], "there local.py", "there docs/x.md", "there app/a.py", "there docs", "link current")
    noted = judge(inputs, ("app/**",), before, 2**63, asked).noted
    assert noted == {
        "there local.py": "not there",
        "there docs/x.md": "a file",
        "there docs": "a folder",
        "link current": "docs",
    }


def test_log_tells_questions_and_variables(tmp_path: Path) -> None:
    log = Log(tmp_path / "reads", tmp_path)
    log.variables({})
    log.file.write_bytes(b"\0".join([f"t{tmp_path}/a".encode(), f"k{tmp_path}/b".encode(), b"vFEATURE", b""]))
    taken = log.take()
    assert (taken.questions, taken.variables) == ({"there a", "link b"}, {"FEATURE"})


def test_file_that_the_job_made_is_not_noted(inputs: Inputs, before: Snapshot) -> None:
    (inputs.top / "made.txt").write_text("x")
    assert judge(inputs, ("app/**",), before, 0, heard(["made.txt"], [])).noted == {}


@pytest.mark.parametrize(
    "path",
    [
        ".git/HEAD",
        ".tox/unit/lib/a.py",
        "venv/lib/a.py",
        "cache/a",
        "node_modules/a/b.js",
        "../other/a.py",
        ".ecluse/x",
    ],
)
def test_files_of_tools_are_not_noted(inputs: Inputs, before: Snapshot, path: str) -> None:
    for marker in ("venv/pyvenv.cfg", "cache/CACHEDIR.TAG"):
        (inputs.top / marker).parent.mkdir()
        (inputs.top / marker).touch()
    found = judge(inputs, ("app/**",), before, 0, heard([path], [os.path.dirname(path)]))
    assert (found.unnamed, found.noted) == ([], {})


def test_log_tells_sources_of_compiled_files(tmp_path: Path) -> None:
    log = Log(tmp_path / "reads", tmp_path)
    environ = log.variables({"PYTHONPATH": "src"})
    assert environ["PYTHONPATH"].endswith(f"hook{os.pathsep}src")
    cached = f"{tmp_path}/app/__pycache__/a.cpython-313.pyc"
    log.file.write_bytes(b"\0".join([f"r{cached}".encode(), f"l{tmp_path}".encode(), b"r/etc/x", b""]))
    taken = log.take()
    assert "app/a.py" in taken.opened and taken.listed == {"."}
    assert not log.file.exists()


@pytest.mark.parametrize(
    ("unnamed", "patterns"),
    [
        (["docs/x.md"], ("docs/x.md",)),
        (["docs/x.md", "docs/y.md", "docs/z.md", "tox.ini"], ("docs/**", "tox.ini")),
        (["docs/a/", "docs/x.md"], ("docs/a/**", "docs/x.md")),
    ],
)
def test_missing_inputs_are_named_by_few_patterns(unnamed: list[str], patterns: tuple[str, ...]) -> None:
    assert named(unnamed) == patterns
