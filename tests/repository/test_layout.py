"""The layout of the tests: tests/unit has the folders and modules of src/ecluse."""

from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
UNIT, PACKAGE = TOP / "tests" / "unit", TOP / "src" / "ecluse"
MODULES = sorted(UNIT.rglob("test_*.py"))


@pytest.mark.parametrize("test", MODULES, ids=lambda path: path.relative_to(UNIT).as_posix())
def test_unit_test_module_is_named_after_a_module(test: Path) -> None:
    folder = PACKAGE / test.parent.relative_to(UNIT)
    assert folder.is_dir(), f"src/ecluse has no {folder.relative_to(PACKAGE)}"
    names = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    # A package's own module is tested under the package's name; a long test module is divided: test_NAME_SUBJECT.
    names |= {folder.name}
    subject = test.stem.removeprefix("test_")
    assert any(subject == name or subject.startswith(f"{name}_") for name in names), f"not one of {sorted(names)}"
