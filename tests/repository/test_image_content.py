"""The image has a part of ecluse: what `ecluse wait` imports, and no more."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TOP = Path(__file__).parents[2]
SOURCE = TOP / "src" / "ecluse"


def test_image_has_all_modules_that_its_command_imports() -> None:
    patterns = re.findall(r" /ecluse/(\S+\.py)", (TOP / "Dockerfile").read_text(encoding="utf-8"))
    copied = {path.relative_to(SOURCE) for pattern in patterns for path in SOURCE.glob(pattern)}
    assert Path("cli/wait.py") in copied
    missing = {f"{file}: {name}" for file in copied for name in imported(SOURCE / file) if not there(name, copied)}
    assert not missing, "copy them too, in the Dockerfile"


def imported(file: Path) -> set[str]:
    """The modules of ecluse that a module imports as it is loaded."""
    found: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = {f"{node.module}.{one.name}" for one in node.names}
            found |= {name if is_module(name) else node.module for name in names}
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
    return {name for name in found if name.split(".")[0] == "ecluse"}


def is_module(name: str) -> bool:
    path = TOP / "src" / Path(*name.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


def there(name: str, copied: set[Path]) -> bool:
    path = "/".join(name.split(".")[1:])
    return Path(f"{path}.py") in copied or Path(path, "__init__.py") in copied
