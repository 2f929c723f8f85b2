"""Examples in the documents: Python compiles, every pipeline renders, and shell is run or says why it is not.

tests/integration/documents runs the shell.
"""

import ast
import re
from pathlib import Path

import pytest

from ecluse.definition.load import load
from ecluse.render import render
from tests.support.documents import DOCUMENTS, TOP, blocks

BLOCKS = [block for document in DOCUMENTS for block in blocks(document)]


@pytest.mark.parametrize("example", [pytest.param(one.text, id=one.name) for one in BLOCKS if one.language == "python"])
def test_example_compiles_and_its_pipeline_renders(example: str, tmp_path: Path) -> None:
    ast.parse(example)
    if "pipeline = Pipeline(" in example:
        (tmp_path / "pipeline.py").write_text(example, encoding="utf-8")
        assert render(load(tmp_path / "pipeline.py")).files


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(TOP).as_posix())
def test_code_of_a_document_is_fenced_with_its_language(document: Path) -> None:
    """Only a block that is known to be shell is run: an indented one, or one without a language, would be left out."""
    found = blocks(document)
    assert not [block.name for block in found if not block.language]
    text = document.read_text(encoding="utf-8")
    assert text.count("```") == 2 * len(found)
    assert not re.findall(r"(?m)^\n {4,}(?:\$ |\./|ecluse |git |docker |export |\.tox/|python |pip |uvx? ).*", text)


def test_reason_for_not_running_a_block_is_given_in_words() -> None:
    reasons = [block.reason for block in BLOCKS if block.reason is not None]
    assert reasons
    assert not [reason for reason in reasons if len(reason.split()) < 3]
