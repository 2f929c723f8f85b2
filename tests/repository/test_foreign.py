"""The tool in `src/ecluse` names nothing of this repository: it serves any Django project."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "ecluse"

# This repository's applications, settings, commands and folders.
NAMES = re.compile(
    r"website|motos|weather|imagekit|record shop|\bops/|settings\.(travis|production|local|base)|ensure_superuser"
    r"|\"seed\""
)


def test_no_module_names_this_site() -> None:
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*")
        if path.suffix in {".py", ".sh", ".html", ".css", ".js"} and NAMES.search(path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_message_names_a_page_of_this_repository(path: Path) -> None:
    # A docstring may: who reads it has the repository.
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {id(docstring) for docstring in _docstrings(tree)}
    said = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    ]
    assert not [text for text in said if re.search(r"\bdocs/|CONTRIBUTING|README", text)]


def _docstrings(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                yield child.value
