"""Errors: what failed, where, and what to do, written for the person who reads them.

There is one hierarchy. Each class has its own exit code, so that a script can tell a broken definition from a failed
rollout. A test keeps the codes distinct.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AdoptError",
    "BackupError",
    "CommandError",
    "DefinitionError",
    "EcluseError",
    "ImageError",
    "Interrupted",
    "JobFailed",
    "LockHeld",
    "MachineError",
    "PreflightError",
    "ReleaseError",
    "RenderError",
    "RepositoryError",
    "RolloutError",
    "ServiceError",
    "TargetError",
    "ToolError",
]


class EcluseError(Exception):
    """An expected failure, shown without a traceback. Only other exceptions ask for a bug report.

    *what* says what failed; *where* is the file, line or key path; *hint* says what can be done.
    """

    exit_code: ClassVar[int] = 1

    # B042 is about pickling: an error is shown where it is caught.
    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:  # noqa: B042
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class JobFailed(EcluseError):
    """At least one job of a run failed: the change is at fault, not the tool."""

    exit_code = 1


# 2 is click's: the command line itself is wrong.


class DefinitionError(EcluseError):
    """pipeline.py does not define a pipeline that can be run: a cycle, an unknown need, a wrong type."""

    exit_code = 3


class ServiceError(EcluseError):
    """A service (PostgreSQL, Redis, …) is not available or did not get ready."""

    exit_code = 4


class ReleaseError(EcluseError):
    """A release cannot be made, found or trusted."""

    exit_code = 5


class RolloutError(EcluseError):
    """A rollout failed. The message says which release serves now."""

    exit_code = 6


class LockHeld(EcluseError):
    """Somebody else is rolling out to this environment. The message names who, since when, and how to unlock."""

    exit_code = 7


class RenderError(EcluseError):
    """A provider's YAML cannot be rendered from the pipeline, or differs from it."""

    exit_code = 8


class ToolError(EcluseError):
    """A program this machine must have is missing, too old, or broken."""

    exit_code = 9


class TargetError(EcluseError):
    """The place a release goes to cannot be reached or is not in a state to take one."""

    exit_code = 10


class PreflightError(EcluseError):
    """The new release was refused before anything changed: a check failed, or a migration would break the running
    release.
    """

    exit_code = 11


class ImageError(EcluseError):
    """An image could not be built, tested, pushed or promoted."""

    exit_code = 12


class RepositoryError(EcluseError):
    """This is not a repository that ecluse can work in, or its state does not allow the command."""

    exit_code = 13


class CommandError(EcluseError):
    """A program that ecluse started failed, and no more precise error applies."""

    exit_code = 14


class AdoptError(EcluseError):
    """A project cannot be adopted. The message says why: what it lacks, or what this machine lacks for it."""

    exit_code = 15


class MachineError(EcluseError):
    """The machine refuses a file or a folder: the disk is full or read-only, no permission, a folder is gone."""

    exit_code = 16


class BackupError(EcluseError):
    """The data of an environment could not be saved, or what was saved could not be brought back."""

    exit_code = 17


class Interrupted(EcluseError):
    """Stopped by Ctrl-C or SIGTERM, after cleaning up. 128 + SIGINT, as shells report it."""

    exit_code = 130
