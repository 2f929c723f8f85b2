import importlib.metadata
import importlib.util
import os
import pkgutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ecluse.testing import dependencies
from ecluse.testing.dependencies import DependencyListener, modules
from ecluse.testing.hearing import Hearing
from ecluse.testing.own_code import INSTALLED, is_own
from ecluse.testing.states import contents
from ecluse.testing.values import Values


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "shop_of_a_test"
    (folder / "migrations").mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "rates.py": "VAT = 20\n",
        "money.py": "from .rates import VAT\n",
        "unrelated.py": "",
        "reader.py": "from pathlib import Path\n\nDATA = (Path(__file__).parent / 'data.txt').read_text()\n",
        "data.txt": "",
        "migrations/__init__.py": "",
        "migrations/m1.py": "from shop_of_a_test import money\nimport json\n",
        "migrations/m2.py": "def forwards():\n    from ..rates import VAT\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


@pytest.fixture
def watch() -> Iterator[DependencyListener]:
    made = DependencyListener()
    made.hearing.begin()
    yield made
    made.hearing.end()


def test_imports_of_a_migration_are_followed_through_own_modules(package: Path) -> None:
    importlib.import_module("shop_of_a_test.migrations.m1")
    importlib.import_module("shop_of_a_test.unrelated")
    found = {Path(path).relative_to(package).as_posix() for path in modules(["shop_of_a_test.migrations.m1"])}
    assert found == {"__init__.py", "migrations/__init__.py", "migrations/m1.py", "money.py", "rates.py"}


def test_imports_inside_functions_are_followed(package: Path) -> None:
    importlib.import_module("shop_of_a_test.migrations.m2")
    importlib.import_module("shop_of_a_test.rates")
    assert str(package / "rates.py") in modules(["shop_of_a_test.migrations.m2"])


def test_plugin_counts_that_a_module_loads_when_it_is_imported(
    package: Path, watch: DependencyListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its value is in the registry when the registry's import ends, as if the registry's own code had made it.
    load = "import importlib\n\nKNOWN = {}\nimportlib.import_module('shop_of_a_test.plugin')\n"
    (package / "registry.py").write_text(load, encoding="utf-8")
    fill = "import sys\n\nsys.modules['shop_of_a_test.registry'].KNOWN['x'] = 1\n"
    (package / "plugin.py").write_text(fill, encoding="utf-8")
    made = Values()
    monkeypatch.setattr(dependencies, "values", made)
    made.begin()
    try:
        importlib.import_module("shop_of_a_test.registry")
        importlib.import_module("shop_of_a_test.unrelated")
    finally:
        made.end()
    with watch.migrating():
        pass
    found = watch.found(["shop_of_a_test.registry"])
    assert f"file {package / 'plugin.py'}" in found
    assert f"file {package / 'unrelated.py'}" not in found


def test_reads_and_imports_while_migrating_are_noted(package: Path, tmp_path: Path, watch: DependencyListener) -> None:
    data, written = tmp_path / "data.sql", tmp_path / "written.txt"
    data.touch()
    with watch.migrating():
        data.read_text(encoding="utf-8")
        written.write_text("x", encoding="utf-8")
        written.read_text(encoding="utf-8")
        importlib.import_module("shop_of_a_test.money")
        Path(sys.modules["json"].__file__ or "").read_bytes()
    found = watch.found([])
    assert {f"file {data}", f"file {package / 'money.py'}", f"file {package / 'rates.py'}"} <= found
    assert f"file {written}" not in found
    assert not [text for text in found if text.endswith("/json/__init__.py")]


def test_module_level_read_counts_if_the_module_counts(package: Path, watch: DependencyListener) -> None:
    importlib.import_module("shop_of_a_test.reader")
    with watch.migrating():
        pass
    data = f"file {package / 'data.txt'}"
    assert data not in watch.found([])
    assert data in watch.found(["shop_of_a_test.reader"])


def test_listings_and_tests_for_files_are_noted(tmp_path: Path, watch: DependencyListener) -> None:
    with watch.migrating():
        os.listdir(tmp_path)
        (tmp_path / "switch").exists()
        os.path.getsize(tmp_path)
    assert {f"listing {tmp_path}", f"exists {tmp_path / 'switch'}", f"details {tmp_path}"} <= watch.found([])


def test_question_for_presence_is_none_for_size_and_time(tmp_path: Path, watch: DependencyListener) -> None:
    # The time of a folder changes with each byte code that is written or deleted in it.
    names = ("isdir", "isfile", "exists", "is_dir", "is_file", "Path.exists", "getmtime", "stat", "Path.stat")
    for name in names:
        (tmp_path / name).mkdir()
    with watch.migrating():
        os.path.isdir(tmp_path / "isdir")
        os.path.isfile(tmp_path / "isfile")
        os.path.exists(tmp_path / "exists")
        (tmp_path / "is_dir").is_dir()
        (tmp_path / "is_file").is_file()
        (tmp_path / "Path.exists").exists()
        os.path.getmtime(tmp_path / "getmtime")
        os.stat(tmp_path / "stat")
        (tmp_path / "Path.stat").stat()
    found = watch.found([])
    asked = {name: [text.split()[0] for text in found if text.endswith(f"{os.sep}{name}")] for name in names}
    detailed = {"getmtime", "stat", "Path.stat"}
    assert asked == {name: ["details"] if name in detailed else ["exists"] for name in names}


def test_variable_counts_if_the_module_that_reads_it_counts(package: Path, watch: DependencyListener) -> None:
    (package / "named.py").write_text("import os\n\nNAME = os.environ.get('SHOP_NAME')\n", encoding="utf-8")
    importlib.import_module("shop_of_a_test.named")
    with watch.migrating():
        os.environ.get("OTHER_NAME")
    found = watch.found(["shop_of_a_test.named"])
    assert "variable SHOP_NAME" in found and "variable OTHER_NAME" not in found


def test_functions_of_os_are_put_back() -> None:
    before = os.stat, os.lstat, os.access, os.readlink, type(os.environ).__getitem__
    hearing = Hearing()
    hearing.begin()
    assert os.stat is not before[0] and os.stat in os.supports_follow_symlinks
    hearing.end()
    assert (os.stat, os.lstat, os.access, os.readlink, type(os.environ).__getitem__) == before


def test_file_that_changes_meanwhile_is_a_doubt(tmp_path: Path, watch: DependencyListener) -> None:
    data = tmp_path / "data.sql"
    data.write_text("A", encoding="utf-8")
    with watch.migrating():
        data.read_text(encoding="utf-8")
        data.write_text("B", encoding="utf-8")
        data.write_text("A", encoding="utf-8")
    watch.found([])
    assert watch.doubts() == [f"{data} was changed meanwhile"]


def test_program_that_a_migration_starts_is_a_doubt(package: Path, watch: DependencyListener) -> None:
    (package / "starter.py").write_text(
        "import sys\n\n\ndef start():\n    sys.audit('subprocess.Popen', 'true', ['true'], None, None)\n",
        encoding="utf-8",
    )
    os.utime(package / "starter.py", (0, 0))
    watch.hearing.began = float("inf")  # the files of this test are new
    starter = importlib.import_module("shop_of_a_test.starter")
    with watch.migrating():
        starter.start()
    watch.found(["shop_of_a_test.starter"])
    assert watch.doubts() == ["it starts a program"]


def test_state_of_a_file_is_its_content(tmp_path: Path) -> None:
    one, other, missing = tmp_path / "1", tmp_path / "2", tmp_path / "3"
    one.write_text("x", encoding="utf-8")
    other.write_text("x", encoding="utf-8")
    found = contents(f"file {path}" for path in (one, other, missing))
    assert found[f"file {one}"] == found[f"file {other}"]
    assert found[f"file {missing}"] == "absent"


def test_installed_packages_are_not_the_projects_own() -> None:
    assert not is_own(pytest.__file__)
    assert not is_own(str(importlib.__file__))
    assert not is_own(subprocess.__file__)
    assert not is_own(dependencies.__file__)
    assert is_own(__file__)


def _heard(watch: DependencyListener, work: Callable[[], Any]) -> set[str]:
    # From Python 3.12 on this module takes part, since *work* is called: as if it was imported just now.
    watch.hearing.early = frozenset()
    with watch.migrating():
        work()
    return watch.found([])


def test_file_read_by_a_loader_is_a_dependency(package: Path, watch: DependencyListener) -> None:
    importlib.import_module("shop_of_a_test")

    def work() -> None:
        pkgutil.get_data("shop_of_a_test", "data.txt")
        for _ in range(2):  # the second time, from byte code
            spec = importlib.util.spec_from_file_location("by_hand", package / "rates.py")
            assert spec and spec.loader
            spec.loader.exec_module(importlib.util.module_from_spec(spec))

    assert {f"file {package / 'data.txt'}", f"file {package / 'rates.py'}"} <= _heard(watch, work)


def test_read_by_a_thread_counts(package: Path, watch: DependencyListener) -> None:
    data = package / "data.txt"
    lines = (
        "from pathlib import Path",
        "from threading import Timer",
        f"t = Timer(0, Path({str(data)!r}).read_text)",  # no module of the project is on the thread's stack
        "t.start()",
        "t.join()",
    )
    (package / "threads.py").write_text("\n".join(lines), encoding="utf-8")
    importlib.import_module("shop_of_a_test.threads")
    with watch.migrating():
        pass
    assert f"file {data}" in watch.found(["shop_of_a_test.threads"])


@pytest.mark.parametrize("mode", ["r+", "a+", "rb+"])
def test_file_that_is_opened_to_read_and_write_counts(tmp_path: Path, watch: DependencyListener, mode: str) -> None:
    (tmp_path / "data").touch()
    assert f"file {tmp_path / 'data'}" in _heard(watch, lambda: open(tmp_path / "data", mode).close())


def test_reading_a_file_after_adding_to_it_is_a_doubt(package: Path, watch: DependencyListener) -> None:
    data = package / "data.txt"

    def work() -> None:
        open(data, "a").close()
        data.read_text(encoding="utf-8")

    _heard(watch, work)
    assert f"it reads {data}, to which it has written" in watch.doubts()


def test_file_that_is_opened_in_vain_counts(tmp_path: Path, watch: DependencyListener) -> None:
    def work() -> None:
        with pytest.raises(OSError):
            open(tmp_path / "absent")

    assert f"exists {tmp_path / 'absent'}" in _heard(watch, work)


def test_file_beside_an_open_folder_counts(tmp_path: Path, watch: DependencyListener) -> None:
    (tmp_path / "data").touch()

    def work() -> None:
        folder = os.open(tmp_path, os.O_RDONLY)
        os.close(os.open("data", os.O_RDONLY, dir_fd=folder))
        os.stat("data", dir_fd=folder)
        os.close(folder)

    assert {f"file {tmp_path / 'data'}", f"details {tmp_path / 'data'}"} <= _heard(watch, work)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("data.sqlite", "file:{}?mode=ro"),
        ("data.sqlite", "file://{}?mode=ro"),
        ("data.sqlite", "file://localhost{}?mode=ro"),
        ("data.sqlite", "file:{}?mode=ro#part"),
        ("data.sqlite", "file:{}#part"),
        ("data.sqlite?x", "file:{}%3Fx"),
        ("a:memory:b.sqlite", "{}"),
    ],
)
def test_database_of_sqlite_counts_if_the_project_opens_it(
    tmp_path: Path, watch: DependencyListener, name: str, address: str
) -> None:
    data = tmp_path / name
    data.touch()
    address = address.format(str(data).partition("?")[0])
    found = _heard(watch, lambda: sqlite3.connect(address, uri=address.startswith("file:")).close())
    assert f"file {data}" in found


def test_database_of_sqlite_in_memory_is_no_file(watch: DependencyListener) -> None:
    def work() -> None:
        for name in (":memory:", "file::memory:"):
            sqlite3.connect(name, uri=True).close()

    found = _heard(watch, work)
    assert not [text for text in found if text.partition(" ")[2].endswith((os.sep + ":memory:", os.sep))]


@pytest.mark.parametrize("folder", ["thing-1.0.dist-info", "thing.egg-info"])
def test_metadata_of_an_installed_package_counts_if_read(
    tmp_path: Path, watch: DependencyListener, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setattr("ecluse.testing.hearing.INSTALLED", (*INSTALLED, f"{tmp_path}{os.sep}"))
    monkeypatch.syspath_prepend(tmp_path)
    for name in (folder, "thing"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "entry_points.txt").write_text("[shop_of_a_test]\na = thing:a\n", encoding="utf-8")

    def work() -> None:
        importlib.metadata.entry_points(group="shop_of_a_test")
        (tmp_path / "thing" / "entry_points.txt").read_text(encoding="utf-8")

    found = _heard(watch, work)
    assert f"file {tmp_path / folder / 'entry_points.txt'}" in found
    assert f"file {tmp_path / 'thing' / 'entry_points.txt'}" not in found


def test_entries_of_a_folder_have_types_and_sizes(tmp_path: Path, watch: DependencyListener) -> None:
    (tmp_path / "data").touch()
    (tmp_path / "inner").mkdir()
    found = _heard(watch, lambda: [[*os.walk(tmp_path)], [*os.scandir(tmp_path)]])
    assert {f"types {tmp_path}", f"types {tmp_path / 'inner'}", f"entries {tmp_path}"} <= found
    before = contents(found)
    (tmp_path / "data").write_text("longer", encoding="utf-8")
    changed = {text for text, answer in contents(found).items() if answer != before[text]}
    assert changed == {f"entries {tmp_path}"}
    (tmp_path / "data").unlink()
    (tmp_path / "data").mkdir()
    assert contents(found)[f"types {tmp_path}"] != before[f"types {tmp_path}"]


def test_module_that_is_imported_in_vain_counts(package: Path, watch: DependencyListener) -> None:
    (package / "optional.py").write_text(
        "try:\n    from .local import X\nexcept ImportError:\n    X = 0\n", encoding="utf-8"
    )
    importlib.import_module("shop_of_a_test.optional")
    with watch.migrating():
        importlib.util.find_spec("shop_of_a_test.extra")
    found = watch.found(["shop_of_a_test.optional"])
    wanted = {package / "local.py", package / "local", package / "extra.py", package / "optional"}
    assert {f"exists {path}" for path in wanted} <= found, "and a folder that would be found before a module"


def test_module_in_an_archive_is_its_archive(tmp_path: Path, watch: DependencyListener) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("zipped_module_of_a_test.py", "X = 1\n")
    sys.path.insert(0, str(tmp_path / "all.zip"))
    try:
        found = _heard(watch, lambda: importlib.import_module("zipped_module_of_a_test"))
    finally:
        sys.path.remove(str(tmp_path / "all.zip"))
        del sys.modules["zipped_module_of_a_test"]
    assert f"file {tmp_path / 'all.zip'}" in found


def test_going_through_all_variables_counts(
    package: Path, watch: DependencyListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    (package / "all_of_them.py").write_text("import os\n\nALL = dict(os.environ)\n", encoding="utf-8")
    importlib.import_module("shop_of_a_test.all_of_them")
    with watch.migrating():
        pass
    found = watch.found(["shop_of_a_test.all_of_them"])
    before = contents(found)
    monkeypatch.setenv("NEW_NAME", "x")
    assert contents(found) != before


def test_arguments_count_if_a_module_looks_at_them(
    package: Path, watch: DependencyListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    (package / "looks.py").write_text("import sys\n\nTESTS = 'test' in sys.argv\n", encoding="utf-8")
    importlib.import_module("shop_of_a_test.looks")
    with watch.migrating():
        pass
    assert "arguments " not in watch.found(["shop_of_a_test.rates"])
    found = watch.found(["shop_of_a_test.looks"])
    before = contents(found)
    monkeypatch.setattr(sys, "argv", ["manage.py", "test"])
    assert "arguments " in found and contents(found) != before


def test_process_that_a_migration_forks_is_a_doubt(package: Path, watch: DependencyListener) -> None:
    (package / "forks.py").write_text("import sys\n\n\ndef start():\n    sys.audit('os.fork')\n", encoding="utf-8")
    forks = importlib.import_module("shop_of_a_test.forks")
    with watch.migrating():
        forks.start()
    watch.found(["shop_of_a_test.forks"])
    assert "it starts a process" in watch.doubts()
