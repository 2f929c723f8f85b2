"""How a release's report is found in what it prints."""

from __future__ import annotations

__all__ = ["MARK"]

MARK = "ecluse-preflight:"
"""What the line begins with that has the report, as JSON."""
