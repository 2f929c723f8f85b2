"""The layout of src/ecluse: which folder may import which, and that tests/unit has the same folders and modules."""

import ast
import re
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


def rooms() -> list[list[str]]:
    """The lines of CONTRIBUTING.md that list the folders of src/ecluse, those that import the others first."""
    page = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")
    [block] = re.findall(r"compares this list with the imports:\n\n```text\n(.+?)```", page, re.DOTALL)
    return [line.split() for line in block.splitlines()]


def test_contributing_lists_every_folder_of_the_tool() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    modules = {path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__")}
    assert sorted(room for line in rooms() for room in line) == sorted(folders | modules)


@pytest.mark.parametrize("room", [room for line in rooms() for room in line])
def test_folder_imports_only_from_the_lines_below_its_own(room: str) -> None:
    level = {name: number for number, line in enumerate(rooms()) for name in line}
    files = [PACKAGE / f"{room}.py"] if (PACKAGE / f"{room}.py").is_file() else sorted((PACKAGE / room).rglob("*.py"))
    upwards = [
        f"{file.relative_to(PACKAGE)} imports {target}"
        for file in files
        for target in imported(file)
        if target != room and level.get(target, -1) <= level[room]
    ]
    assert not upwards


def imported(file: Path) -> set[str]:
    """The folders and top-level modules of src/ecluse that *file* imports from."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("ecluse.") and not name.startswith("ecluse.__")}
