"""Folds in a GitLab log.

https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections
"""

from __future__ import annotations

import re
import time

__all__ = ["Section"]


class Section:
    """Lines that GitLab folds under a title, and whose time it measures."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._name = re.sub(r"[^A-Za-z0-9_.-]+", "-", title).strip("-")

    def start(self) -> str:
        return f"section_start:{int(time.time())}:{self._name}\r\033[0K{self._title}\n"

    def end(self) -> str:
        return f"section_end:{int(time.time())}:{self._name}\r\033[0K\n"
