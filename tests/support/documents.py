"""The code blocks of README, CONTRIBUTING and docs: each is fenced, and names its language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

__all__ = ["DOCUMENTS", "TOP", "Block", "blocks"]

TOP = Path(__file__).resolve().parents[2]
DOCUMENTS = (TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").rglob("*.md")))

_BLOCK = re.compile(
    r"^(?:(?P<before>[^\n]*)\n)?(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
_REASON = re.compile(r" *<!-- not run: (.+) -->")


@dataclass(frozen=True)
class Block:
    """A code block of *document*. *reason* says why it is not run: the comment ``<!-- not run: … -->`` before it."""

    document: Path
    line: int
    language: str
    text: str
    reason: str | None

    @property
    def name(self) -> str:
        return f"{self.document.relative_to(TOP).as_posix()}:{self.line}"


def blocks(document: Path) -> list[Block]:
    """The blocks of *document*, in order."""
    page = document.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(page):
        reason = _REASON.fullmatch(match["before"] or "")
        line = page[: match.start("language")].count("\n") + 1
        found.append(Block(document, line, match["language"], dedent(match["text"]), reason[1] if reason else None))
    return found
