from pathlib import Path

import pytest

from ecluse.services import paths


def test_cache_folder_follows_the_xdg_specification() -> None:
    assert paths.cache_folder({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/ecluse")
    assert paths.cache_folder({"HOME": "/h"}) == Path("/h/.cache/ecluse")
    assert paths.cache_folder({"XDG_CACHE_HOME": "not/absolute", "HOME": "/h"}) == Path("/h/.cache/ecluse")


def test_a_socket_must_fit_into_107_bytes_with_its_name() -> None:
    name = "/.s.PGSQL.5432"
    longest = Path("/" + "x" * (107 - len(name) - 1))
    assert paths.socket_fits(longest) or paths.sys.platform == "darwin"
    assert not paths.socket_fits(Path(f"{longest}x"))
    assert not paths.socket_fits(Path("/" + "é" * 50))


def test_throwaway_data_goes_to_memory_where_there_is_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rooms = {"/dev/shm": paths.ENOUGH, "/tmp": paths.ENOUGH, "/scratch": paths.ENOUGH}
    monkeypatch.setattr(paths, "room", lambda folder: rooms.get(str(folder), 0))
    assert paths.volatile_folder({}) == Path("/dev/shm")
    rooms["/dev/shm"] = 64 * 1024 * 1024
    assert paths.volatile_folder({}) == Path("/tmp")
    assert paths.volatile_folder({"TMPDIR": "/scratch"}) == Path("/scratch")
    # A folder whose path leaves no room for a socket's is of no use.
    assert paths.volatile_folder({"TMPDIR": "/" + "long" * 30}) == Path("/tmp")


def test_room_of_a_missing_folder_is_zero() -> None:
    assert paths.room(Path("/nowhere/at/all")) == 0
