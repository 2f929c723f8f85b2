"""Names and docstrings can be read in a list: the subject comes first, and two classes of the tool have two names."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
TESTS = TOP / "tests"
FOLDERS = sorted({path.parent for path in TESTS.rglob("test_*.py")})
PRONOUNS = {
    "who",
    "what",
    "it",
    "its",
    "one",
    "that",
    "they",
    "those",
    "which",
    "where",
    "of",
    "nobody",
    "nothing",
    "whatever",
    "these",
    "there",
}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_name_of_every_test_is_short_and_begins_with_its_subject(folder: Path) -> None:
    names = [
        node.name
        for path in sorted(folder.glob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    assert not [name for name in names if len(name) > 60]
    assert not [name for name in names if name.split("_")[1] in PRONOUNS or name.startswith("test_the_same_")]


@pytest.mark.parametrize("root", ("src/ecluse", "src/website", "settings", "tests", "testbed", "benchmarks"))
def test_docstring_begins_with_its_subject(root: str) -> None:
    """An editor shows a docstring alone: "What is allowed" is then no more than a riddle."""
    wrong = [
        f"{path.relative_to(TOP)}:{line}: {text.splitlines()[0]}"
        for path in sorted((TOP / root).rglob("*.py"))
        for line, text in docstrings(ast.parse(path.read_text(encoding="utf-8")))
        if text.split()[0].strip(",.:").partition("'")[0].lower() in PRONOUNS
    ]
    assert not wrong, "\n".join(wrong)


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The docstrings of modules, classes, functions and attributes: every text that stands as a statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def test_two_public_classes_of_the_tool_never_share_a_name() -> None:
    modules: dict[str, list[str]] = {}
    for path in sorted((TOP / "src" / "ecluse").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules.setdefault(node.name, []).append(path.relative_to(TOP).as_posix())
    assert not {name: paths for name, paths in modules.items() if len(paths) > 1}


def test_two_modules_of_one_name_are_about_one_thing() -> None:
    """A module of ``cli`` is named after what its command calls; modules of providers and of targets have each other's
    names.
    """
    same = {"__main__", "conditions", "cost", "differences", "sitecustomize"}
    folders: dict[str, set[str]] = {}
    for path in sorted((TOP / "src" / "ecluse").rglob("*.py")):
        room = path.relative_to(TOP / "src" / "ecluse").parts[0]
        if path.stem not in {"__init__", *same} and room != "cli":
            folders.setdefault(path.stem, set()).add(room)
    assert not {name: rooms for name, rooms in folders.items() if len(rooms) > 1}
