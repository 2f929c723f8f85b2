"""Folds in a Travis log."""

from __future__ import annotations

import re

__all__ = ["TravisFold"]


class TravisFold:
    """Lines that Travis folds under a title. The marks are not documented; travis-build prints them:
    https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/bash/travis_fold.bash"""

    def __init__(self, title: str) -> None:
        self._title = title
        self._name = re.sub(r"\W+", "-", title).strip("-")

    def start(self) -> str:
        return f"travis_fold:start:{self._name}\r\033[0K{self._title}\n"

    def end(self) -> str:
        return f"travis_fold:end:{self._name}\r\033[0K\n"
