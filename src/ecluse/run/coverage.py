"""Coverage, as ``coverage xml`` (Cobertura's format) tells it."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Coverage", "FileCoverage", "read"]


@dataclass(frozen=True)
class FileCoverage:
    """The coverage of one file: *rate* is the share of its lines that ran, from 0 to 1; *missed* counts the others."""

    path: str
    rate: float
    missed: int


@dataclass(frozen=True)
class Coverage:
    """Shares from 0 to 1 of lines and of branches that ran; *branches* is None where they were not measured."""

    lines: float
    branches: float | None
    files: tuple[FileCoverage, ...]


def read(path: Path) -> Coverage | None:
    """The coverage that the file at *path* tells of, the worst file first; None where it is not such a file."""
    try:
        root = ElementTree.parse(path).getroot()
        files = []
        for cls in root.iter("class"):
            lines = list(cls.iter("line"))
            missed = sum(1 for line in lines if line.get("hits") == "0")
            if lines:
                files.append(FileCoverage(cls.get("filename", "?"), 1 - missed / len(lines), missed))
        branches = float(root.get("branch-rate", 0)) if int(root.get("branches-valid", 0)) else None
        return Coverage(
            float(root.get("line-rate", 0)), branches, tuple(sorted(files, key=lambda file: (file.rate, -file.missed)))
        )
    except (OSError, ValueError, ElementTree.ParseError):
        return None
