"""GitHub's commands in a job's log: groups, and errors on lines of files.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from itertools import islice

from ecluse.providers.log import Annotation

__all__ = ["Group", "commands"]

# GitHub shows ten errors of a step and drops the rest.
# https://docs.github.com/actions/reference/limits
_MOST = 10


class Group:
    """A group of lines, in which GitHub obeys no command.

    GitHub reads commands (``::error::…``) in whatever a job prints, and a log is made of what strangers' code prints.
    Between the group's start and its end GitHub is told not to ("stopping workflow commands").
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._token = secrets.token_hex(16)

    def start(self) -> str:
        return f"::group::{self._title}\n::stop-commands::{self._token}\n"

    def end(self) -> str:
        return f"::{self._token}::\n::endgroup::\n"


def commands(found: Iterable[Annotation]) -> str:
    """*found* as the commands that make GitHub show them, as many as it shows."""
    return "".join(_command(annotation) for annotation in islice(found, _MOST))


def _command(annotation: Annotation) -> str:
    places = {"file": annotation.file, "line": annotation.line, "col": annotation.column, "title": annotation.title}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in places.items() if value is not None)
    return f"::error {properties}::{_data(annotation.message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
