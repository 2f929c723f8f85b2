"""benchmarks/RESULTS.md: one section for each benchmark, which alone writes it."""

from __future__ import annotations

import os
import platform
import re
from datetime import datetime, timezone
from pathlib import Path

__all__ = ["machine", "write_section"]

RESULTS = Path(__file__).with_name("RESULTS.md")
_TITLE = "# What is fast\n\nEach section is written by its benchmark: `python -m benchmarks.NAME`. Do not edit it.\n"


def write_section(name: str, text: str, *, path: Path = RESULTS) -> None:
    """Put *text* (Markdown) into the section *name* of *path*, in the place of what stood there before."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    section = f"{begin}\n{text.strip()}\n{end}"
    before = path.read_text(encoding="utf-8") if path.exists() else _TITLE
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if pattern.search(before):
        after = pattern.sub(lambda _match: section, before)
    else:
        after = f"{before.rstrip()}\n\n{section}\n"
    path.write_text(after, encoding="utf-8")


def machine() -> str:
    """The machine and the date of a measurement."""
    when = datetime.now(timezone.utc).date().isoformat()
    system = f"{platform.system()} {platform.machine()}"
    # Figures of a busy machine are to be taken as such.
    load = f"load average {os.getloadavg()[2]:.1f}"
    return f"{when}, {os.cpu_count()} cores, {load}, Python {platform.python_version()}, {system}"
