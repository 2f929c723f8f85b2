import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from ecluse.testing import store as module
from ecluse.testing.store import Store, Wanted, differences

PARTS = {"Django": "5.2.1", "setting TIME_ZONE": "aa", "migrations of shop": "bb"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "clusters")


def wanted(**changed: str) -> Wanted:
    return Wanted("/site", {**PARTS, **{name.replace("_", " "): value for name, value in changed.items()}})


def kept(store: Store, what: Wanted, dependencies: Iterable[str] = ()) -> Path:
    archive = store.archive(what, dependencies)
    store.note(what, dependencies, archive)
    archive.write_bytes(b"a cluster")
    return archive


def test_a_cluster_is_found_again_by_the_same_parts(store: Store) -> None:
    assert store.find(wanted()) is None
    archive = kept(store, wanted())
    assert store.find(wanted()) == archive


@pytest.mark.parametrize("part", PARTS)
def test_a_cluster_is_not_found_when_any_part_has_changed(store: Store, part: str) -> None:
    kept(store, wanted())
    assert store.find(Wanted("/site", {**PARTS, part: "changed"})) is None
    assert store.find(Wanted("/site", {name: value for name, value in PARTS.items() if name != part})) is None
    assert store.find(Wanted("/site", {**PARTS, "setting NEW": "cc"})) is None


def test_cluster_is_stale_once_a_file_read_by_migrations_changes(store: Store, tmp_path: Path) -> None:
    data = tmp_path / "countries.json"
    data.write_text("[]", encoding="utf-8")
    archive = kept(store, wanted(), [f"file {data}"])
    assert store.find(wanted()) == archive
    data.write_text('["fr"]', encoding="utf-8")
    assert store.find(wanted()) is None
    data.unlink()
    assert store.find(wanted()) is None
    data.write_text("[]", encoding="utf-8")
    assert store.find(wanted()) == archive


def test_a_new_cluster_is_explained_by_what_has_changed(store: Store, tmp_path: Path) -> None:
    data = tmp_path / "countries.json"
    data.write_text("[]", encoding="utf-8")
    assert store.why_new(wanted()) == []
    kept(store, wanted(), [f"file {data}"])
    assert store.why_new(Wanted("/site", {**PARTS, "Django": "6.1"})) == ["Django"]
    data.write_text('["fr"]', encoding="utf-8")
    assert store.why_new(wanted()) == [f"file {data}"]
    assert store.why_new(Wanted("/another", PARTS)) == []


def test_store_keeps_only_the_newest_clusters(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    archives = [kept(store, wanted(Django=str(number))) for number in range(4)]
    for age, archive in enumerate(archives):
        os.utime(archive, (1000 - age, 1000 - age))
    store.used(archives[3])
    assert {path.name for path in store.folder.glob("*.tar")} == {archives[0].name, archives[3].name}
    assert {path.stem for path in store.folder.glob("*.json")} == {archives[0].stem, archives[3].stem}


def test_leftovers_of_an_interrupted_run_are_deleted_when_old(store: Store) -> None:
    archive = kept(store, wanted())
    half = store.folder / f"{archive.name}.x1y2"
    half.touch()
    store.used(archive)
    assert half.exists()
    os.utime(half, (0, 0))
    store.used(archive)
    assert not half.exists()


def test_store_remembers_what_the_embedded_server_cannot_do(store: Store) -> None:
    assert store.impossible(wanted()) is None
    store.set_impossible(wanted(), "no postgis")
    assert store.impossible(wanted()) == "no postgis"
    assert store.impossible(wanted(Django="6.1")) is None
    store.set_impossible(wanted(), None)
    assert store.impossible(wanted()) is None


def test_differences_on_either_side_are_named() -> None:
    assert differences({"a": "1", "b": "2"}, {"b": "3", "c": "4"}) == ["a", "b", "c"]
