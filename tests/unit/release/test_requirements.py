from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.errors import ReleaseError
from ecluse.release.requirements import read


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "base.txt").write_text("django==5.2 \\\n    --hash=sha256:a")
    return tmp_path


@pytest.mark.parametrize(
    "line", ["-r base.txt", "-rbase.txt", "--requirement base.txt", "--requirement=base.txt  # why", '-r "base.txt"']
)
def test_named_file_is_part_of_the_lock(top: Path, line: str) -> None:
    (top / "requirements" / "site.txt").write_text(f"gunicorn==23\n{line}\nredis==6\n")
    lock = read(top, "requirements/site.txt")
    assert lock.requirements == b"gunicorn==23\ndjango==5.2 \\\n    --hash=sha256:a\nredis==6\n"
    assert lock.files == ("requirements/site.txt", "requirements/base.txt")


def test_files_that_name_each_other_are_read_once(top: Path) -> None:
    (top / "requirements" / "base.txt").write_text("-r site.txt\ndjango==5.2\n")
    (top / "requirements" / "site.txt").write_text("-r base.txt\n-r base.txt\n")
    assert read(top, "requirements/site.txt").requirements == b"django==5.2\n"


def test_constraints_stand_beside_the_lock_and_name_it(top: Path, tmp_path: Path) -> None:
    (top / "limits.txt").write_text("django==5.2\n")
    (top / "site.txt").write_text("-c limits.txt\n-r requirements/base.txt\n")
    first = read(top, "site.txt")
    assert first.files == ("site.txt", "limits.txt", "requirements/base.txt")
    (tmp_path / "written").mkdir()
    assert "-c constraints.txt" in first.write(tmp_path / "written").read_text()
    assert (tmp_path / "written" / "constraints.txt").read_text() == "django==5.2\n"
    (top / "limits.txt").write_text("django==5.3\n")
    assert read(top, "site.txt").requirements != first.requirements


def test_missing_file_is_named_with_what_names_it(top: Path) -> None:
    (top / "site.txt").write_text("-r gone.txt\n")
    with pytest.raises(ReleaseError, match="gone.txt cannot be read: No such file") as raised:
        read(top, "site.txt")
    assert raised.value.where == "site.txt"


def test_address_in_a_lock_is_refused(top: Path) -> None:
    (top / "site.txt").write_text("-r https://example.org/base.txt\n")
    with pytest.raises(ReleaseError, match="is an address"):
        read(top, "site.txt")
