import os
from pathlib import Path

import pytest

import ecluse
from ecluse.errors import RepositoryError
from ecluse.services import binaries
from ecluse.services.equipment import equip, passed_on


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "wheel", lambda: Path("/tool/pginstall/bin"))


def test_job_gets_a_folder_with_the_package_alone(tmp_path: Path) -> None:
    environ = equip({"HOME": "/h"}, tmp_path / ".ecluse")
    folder = Path(environ["PYTHONPATH"])
    assert [path.name for path in folder.iterdir() if path.suffix != ".dist-info"] == ["ecluse"]
    assert (folder / "ecluse").resolve() == Path(ecluse.__file__).resolve().parent
    assert environ["PYTEST_PLUGINS"] == "ecluse.testing.plugin"
    assert environ["ECLUSE_POSTGRES_BIN"] == "/tool/pginstall/bin"
    assert environ["HOME"] == "/h"


def test_a_projects_own_paths_and_plugins_come_first(tmp_path: Path) -> None:
    environ = equip({"PYTHONPATH": f"/a{os.pathsep}/b", "PYTEST_PLUGINS": "own"}, tmp_path)
    again = equip(environ, tmp_path)
    assert again == environ
    assert environ["PYTHONPATH"] == os.pathsep.join(["/a", "/b", str(tmp_path / "plugin")])
    assert environ["PYTEST_PLUGINS"] == "own,ecluse.testing.plugin"


def test_programs_that_a_user_named_are_kept(tmp_path: Path) -> None:
    assert equip({"ECLUSE_POSTGRES_BIN": "/mine"}, tmp_path)["ECLUSE_POSTGRES_BIN"] == "/mine"


def test_link_to_a_moved_package_is_renewed(tmp_path: Path) -> None:
    equip({}, tmp_path)
    link = tmp_path / "plugin" / "ecluse"
    link.unlink()
    link.symlink_to("/gone")
    equip({}, tmp_path)
    assert link.resolve() == Path(ecluse.__file__).resolve().parent


def test_two_jobs_that_make_the_folder_at_once_both_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.rename

    def rename(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "rename", real)
        equip({}, tmp_path)  # the other job is faster
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    folder = Path(equip({}, tmp_path)["PYTHONPATH"])
    assert (folder / "ecluse").resolve() == Path(ecluse.__file__).resolve().parent
    assert (folder / "ecluse_equipment-0.dist-info" / "METADATA").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["plugin"]


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RepositoryError, match="file/.ecluse cannot be written: Not a directory"):
        equip({}, tmp_path / "file" / ".ecluse")


def test_tox_is_passed_the_addresses_of_services_alone() -> None:
    environ = {"DATABASE_URL": "a", "REDIS_URL": "b", "ECLUSE_POSTGRES": "c", "TOKEN": "d", "DOCKER_HOST": "e"}
    assert sorted(passed_on(environ)) == ["DATABASE_URL", "DOCKER_HOST", "ECLUSE_POSTGRES", "REDIS_URL"]
