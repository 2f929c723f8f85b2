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


@pytest.mark.parametrize(
    "line",
    [
        "-e .",
        "-e ./vendor/shop",
        "--editable=vendor",
        "./vendor/shop-1.0-py3-none-any.whl",
        "../shop",
        "/srv/wheels/shop.whl",
        "shop.whl --hash=sha256:a",
        "vendor/shop ; python_version > '3.10'",
        "shop @ file:///srv/shop",
        "shop @ ./vendor/shop  # ours",
        "git+file:///srv/shop@1a2b",
        "--find-links wheels",
        "-f ./wheels",
    ],
)
def test_requirement_on_this_machines_disk_is_refused(top: Path, line: str) -> None:
    (top / "site.txt").write_text(f"gunicorn==25\n{line}\n")
    with pytest.raises(ReleaseError, match="from a file or a folder that the release does not have") as raised:
        read(top, "site.txt")
    assert raised.value.where == "site.txt"


@pytest.mark.parametrize(
    "line",
    [
        "# -e ./vendor/shop",
        "django==5.2 ; sys_platform == 'linux'  # see ./docs",
        "django==5.2 \\\n    --hash=sha256:a/b",
        "psycopg[binary]==3.2",
        "shop @ git+https://git.example/shop.git@1a2b",
        "-e git+ssh://git@git.example/shop.git@1a2b#egg=shop",
        "https://wheels.example/shop-1.0-py3-none-any.whl",
        "--find-links https://wheels.example/",
        "--index-url https://index.example/simple/",
    ],
)
def test_requirement_of_the_network_stays_as_it_is(top: Path, line: str) -> None:
    (top / "site.txt").write_text(f"{line}\n")
    assert read(top, "site.txt").requirements == f"{line}\n".encode()


def test_link_that_leads_to_itself_is_named(top: Path) -> None:
    (top / "loop.txt").symlink_to("loop.txt")
    (top / "site.txt").write_text("-r loop.txt\n")
    with pytest.raises(ReleaseError, match="loop.txt cannot be read"):
        read(top, "site.txt")
