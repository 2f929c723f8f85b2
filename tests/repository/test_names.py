"""The names of tests can be read in a list: the subject first, and short."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
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
