"""How a release's report is found in what it prints."""

from __future__ import annotations

__all__ = ["MARK"]

MARK = "ecluse-preflight:"
"""The beginning of the line that has the report, as JSON."""
