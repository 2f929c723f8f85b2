from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.errors import RenderError
from ecluse.render.drift import check, drifts, write

HEADER = "Rendered."
FILES = {".github/workflows/pipeline.yml": "# Rendered.\nname: a\n", ".travis.yml": "# Rendered.\nos: linux\n"}


@pytest.fixture
def top(tmp_path: Path) -> Path:
    write(tmp_path, FILES, HEADER)
    return tmp_path


def test_written_files_have_no_drift(top: Path) -> None:
    check(top, FILES, HEADER)
    assert write(top, FILES, HEADER) == ()


def test_edited_file_is_refused_with_diff_and_remedy(top: Path) -> None:
    (top / ".travis.yml").write_text("# Rendered.\nos: windows\n")
    with pytest.raises(RenderError) as error:
        check(top, FILES, HEADER)
    assert error.value.exit_code == 8
    assert "-os: windows\n+os: linux" in error.value.what
    assert "./ecluse render" in str(error.value.hint)


@pytest.mark.parametrize(
    "change", [lambda data: data + b" ", lambda data: data[:-1], lambda data: data.replace(b"\n", b"\r\n")]
)
def test_drift_of_one_byte_is_found(top: Path, change: object) -> None:
    path = top / ".travis.yml"
    path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]
    assert [drift.path for drift in drifts(top, FILES, HEADER)] == [".travis.yml"]


def test_a_missing_file_is_a_difference(top: Path) -> None:
    (top / ".travis.yml").unlink()
    assert [drift.old for drift in drifts(top, FILES, HEADER)] == [None]
    assert write(top, FILES, HEADER) == (".travis.yml",)


def test_file_no_longer_rendered_is_removed(top: Path) -> None:
    stale = top / ".github/workflows/old.yml"
    stale.write_text("# Rendered.\nname: old\n")
    with pytest.raises(RenderError, match="old.yml"):
        check(top, FILES, HEADER)
    assert write(top, FILES, HEADER) == (".github/workflows/old.yml",)
    assert not stale.exists()


def test_a_workflow_that_a_person_wrote_is_left_alone(top: Path) -> None:
    own = top / ".github/workflows/own.yml"
    own.write_text("name: own\n")
    check(top, FILES, HEADER)
    assert write(top, FILES, HEADER) == () and own.exists()
