"""Examples in the documents: Python compiles, and every pipeline can be loaded and rendered."""

import ast
import re
from pathlib import Path

import pytest

from ecluse.definition.load import load
from ecluse.render import render

TOP = Path(__file__).resolve().parents[2]
EXAMPLES = [
    pytest.param(block, id=f"{path.relative_to(TOP)}-{number}")
    for path in sorted([TOP / "README.md", *(TOP / "docs").rglob("*.md")])
    for number, block in enumerate(re.findall(r"(?ms)^```python\n(.*?)^```", path.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_compiles_and_its_pipeline_renders(example: str, tmp_path: Path) -> None:
    ast.parse(example)
    if "pipeline = Pipeline(" in example:
        (tmp_path / "pipeline.py").write_text(example, encoding="utf-8")
        assert render(load(tmp_path / "pipeline.py")).files
