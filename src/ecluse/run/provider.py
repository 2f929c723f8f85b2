"""The provider whose job this process is, and how its log folds."""

from __future__ import annotations

import enum
import re
import secrets
from collections.abc import Mapping

__all__ = ["Provider", "detect"]


class Provider(enum.Enum):
    """Where a run takes place."""

    NONE = "this machine"
    GITHUB = "GitHub Actions"
    TRAVIS = "Travis CI"


def detect(environ: Mapping[str, str]) -> Provider:
    """The provider that made *environ*, by the variable that each documents as always set."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return Provider.GITHUB
    if environ.get("TRAVIS") == "true":
        return Provider.TRAVIS
    return Provider.NONE


class Fold:
    """The lines around one leg's output.

    GitHub reads commands (``::error::…``) in whatever a job prints. Between :meth:`start` and :meth:`end` it is told
    not to: a log is made of what strangers' code prints.
    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands ("stopping workflow commands")
    """

    def __init__(self, provider: Provider, title: str) -> None:
        self._provider = provider
        self._title = title
        self._name = re.sub(r"\W+", "-", title).strip("-")
        self._token = secrets.token_hex(16)

    def start(self) -> str:
        match self._provider:
            case Provider.GITHUB:
                return f"::group::{self._title}\n::stop-commands::{self._token}\n"
            case Provider.TRAVIS:
                return f"travis_fold:start:{self._name}\r\033[0K{self._title}\n"
            case Provider.NONE:
                return f"── {self._title}\n"

    def end(self) -> str:
        match self._provider:
            case Provider.GITHUB:
                return f"::{self._token}::\n::endgroup::\n"
            case Provider.TRAVIS:
                return f"travis_fold:end:{self._name}\r\033[0K\n"
            case Provider.NONE:
                return ""
