import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecluse.testing import dependencies
from ecluse.testing.dependencies import Watch, contents, is_own, modules


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "shop_of_a_test"
    (folder / "migrations").mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "rates.py": "VAT = 20\n",
        "money.py": "from .rates import VAT\n",
        "unrelated.py": "",
        "migrations/__init__.py": "",
        "migrations/m1.py": "from shop_of_a_test import money\nimport json\n",
        "migrations/m2.py": "def forwards():\n    from ..rates import VAT\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


def test_imports_of_a_migration_are_followed_in_own_modules(package: Path) -> None:
    importlib.import_module("shop_of_a_test.migrations.m1")
    importlib.import_module("shop_of_a_test.unrelated")
    found = {Path(path).relative_to(package).as_posix() for path in modules(["shop_of_a_test.migrations.m1"])}
    assert found == {"__init__.py", "migrations/__init__.py", "migrations/m1.py", "money.py", "rates.py"}


def test_an_import_inside_a_function_counts_too(package: Path) -> None:
    importlib.import_module("shop_of_a_test.migrations.m2")
    importlib.import_module("shop_of_a_test.rates")
    assert str(package / "rates.py") in modules(["shop_of_a_test.migrations.m2"])


def test_watch_notes_read_files_and_imported_modules(package: Path, tmp_path: Path) -> None:
    data, before, written = tmp_path / "data.sql", tmp_path / "before.sql", tmp_path / "written.txt"
    data.touch()
    before.touch()
    watch = Watch()
    before.read_text(encoding="utf-8")
    with watch.watching():
        data.read_text(encoding="utf-8")
        written.write_text("x", encoding="utf-8")
        importlib.import_module("shop_of_a_test.money")
        Path(sys.modules["json"].__file__ or "").read_bytes()
    after = watch.found([])
    assert {str(data), str(package / "money.py"), str(package / "rates.py")} <= after
    assert not {str(before), str(written)} & after
    assert all(is_own(path) for path in after)


def test_the_state_of_a_file_is_its_content(tmp_path: Path) -> None:
    one, other, missing = tmp_path / "1", tmp_path / "2", tmp_path / "3"
    one.write_text("x", encoding="utf-8")
    other.write_text("x", encoding="utf-8")
    found = contents(map(str, (one, other, missing)))
    assert found[str(one)] == found[str(other)]
    assert found[str(missing)] == "absent"


def test_packages_that_are_installed_are_not_the_projects_own() -> None:
    assert not is_own(pytest.__file__)
    assert not is_own(str(importlib.__file__))
    assert is_own(str(Path(dependencies.__file__)))
