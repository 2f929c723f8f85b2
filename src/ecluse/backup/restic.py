"""restic, the program that keeps the backups: encrypted, deduplicated, in a folder, over SFTP or in S3.

https://restic.readthedocs.io/en/stable/075_scripting.html has the format of its JSON. Debian 12 has 0.14, which says
by its messages alone why a repository cannot be opened.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ecluse.backup.piped import piped
from ecluse.errors import BackupError
from ecluse.machine import process
from ecluse.secrets import masked

__all__ = ["Restic", "ResticSnapshot", "Saved", "unread"]

_PIECE = 1 << 20
_INCOMPLETE = 3
"""The exit code where some files could not be read: they went away meanwhile, or may not be read."""


@dataclass(frozen=True)
class ResticSnapshot:
    """A snapshot of the repository: its id, when it was made (UTC, ISO 8601), its tags ``name=value``."""

    id: str
    time: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Saved:
    """The summary that restic gives of a snapshot it has made."""

    snapshot: str
    files: int
    bytes: int


class Restic:
    """The repository at *repository*, as restic writes addresses. *variables* are RESTIC_PASSWORD, and what the
    place of the repository asks for; *cache* is the folder of restic's cache.
    """

    def __init__(self, repository: str, variables: Mapping[str, str], cache: Path) -> None:
        self._repository = repository
        self._environ = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(cache),
            "RESTIC_REPOSITORY": repository,
            "RESTIC_CACHE_DIR": str(cache),
            **variables,
        }

    def open(self, say: Callable[[str], None], *, make: bool, hint: str = "") -> None:
        """See that the repository can be opened; with *make*, make it where there is none. Locks of processes that have
        died are removed. Raises BackupError where it cannot be opened: with *hint*, where there is none.
        """
        process.find("restic", path=self._environ["PATH"], hint="apt-get install restic, or restic.net")
        answer = self._read("cat", "config", check=False)
        if not answer.ok:
            said = answer.errors.decode(errors="replace")
            if "Is there a repository at the following location" not in said or "wrong password" in said:
                raise self._failure(said)
            if not make:
                raise BackupError(
                    "the repository is not there",
                    where=masked(self._repository),
                    hint=hint,
                )
            self._read("init")
            say(f"made the repository {masked(self._repository)}")
        self._read("unlock")

    def save_stream(self, name: str, tags: Mapping[str, str], write: Callable[[IO[bytes]], None]) -> Saved:
        """A snapshot with the one file *name*, with what *write* writes. Where that raises, there is no snapshot."""
        argv = ("backup", "--stdin", "--stdin-filename", name, *_tagged(tags), "--json", "--quiet")
        with self._running(argv, stdin=subprocess.PIPE) as program:
            assert program.stdin is not None
            try:
                write(program.stdin)
                program.stdin.close()
            except BrokenPipeError:
                pass  # it has ended, and says why
            except BaseException:
                program.kill()  # before it could take the end of the input for the end of the file
                program.wait()
                raise
            assert program.stdout is not None
            output = program.stdout.read()
        return _saved(output)

    def save_folder(self, folder: Path, tags: Mapping[str, str], say: Callable[[str], None]) -> Saved:
        """A snapshot of *folder*. Files that go away meanwhile are left out, and it is said."""
        answer = self._read("backup", str(folder), *_tagged(tags), "--json", "--quiet", check=False)
        said = answer.errors.decode(errors="replace")
        missed = unread(said)
        if answer.returncode == _INCOMPLETE and missed and not any(map(os.path.lexists, missed)):
            say(f"{len(missed)} files went away while they were saved")
        elif not answer.ok:
            raise self._failure(said)
        return _saved(answer.output)

    def snapshots(self, tags: Mapping[str, str]) -> list[ResticSnapshot]:
        """The snapshots that have all of *tags*, the oldest first."""
        wanted = ",".join(f"{name}={value}" for name, value in tags.items())
        found = json.loads(self._read("snapshots", "--json", "--no-lock", "--tag", wanted).output or "[]") or []
        made = [ResticSnapshot(one["id"], _utc(one["time"]), _untagged(one.get("tags") or ())) for one in found]
        return sorted(made, key=lambda one: one.time)

    def text(self, snapshot: str, name: str) -> str:
        """The file *name* of *snapshot*, which has it alone."""
        return self._read("dump", "--no-lock", snapshot, name).text

    def stream(self, snapshot: str, name: str, write: Callable[[bytes], object]) -> None:
        """Give the file *name* of *snapshot* to *write*, piece by piece. Raises BackupError where it is damaged."""
        with self._running(("dump", "--no-lock", snapshot, name)) as program:
            assert program.stdout is not None
            while piece := program.stdout.read(_PIECE):
                write(piece)

    def restore(self, snapshot: str, target: Path, only: Sequence[str] = ()) -> None:
        """Write the files of *snapshot* below *target*, each by its whole path; with *only*, those paths alone."""
        included = [word for path in only for word in ("--include", _literal(path))]
        self._read("restore", "--no-lock", snapshot, "--target", str(target), *included)

    def forget(self, snapshots: Sequence[str]) -> None:
        """Delete *snapshots*, and what belongs to no other one."""
        if snapshots:
            self._read("forget", "--prune", "--quiet", *snapshots)

    def _read(self, *arguments: str, check: bool = True) -> process.Answer:
        answer = process.read(("restic", *arguments), env=self._environ, check=False)
        if check and not answer.ok:
            raise self._failure(answer.errors.decode(errors="replace"))
        return answer

    def _running(
        self, arguments: Sequence[str], stdin: int = subprocess.DEVNULL
    ) -> AbstractContextManager[subprocess.Popen[bytes]]:
        return piped(("restic", *arguments), self._environ, self._failure, stdin=stdin)

    def _failure(self, said: str) -> BackupError:
        lines = [line for line in masked(said).strip().splitlines() if line.strip()]
        what = lines[-1].removeprefix("Fatal: ") if lines else "restic failed and said nothing"
        fatal = next((line.removeprefix("Fatal: ") for line in lines if line.startswith("Fatal: ")), what)
        hint = None
        if "wrong password" in said:
            hint = "RESTIC_PASSWORD=… gives the password with which the repository was made"
        elif "already locked" in said:
            hint = "another program works in the repository; wait for its end"
        return BackupError(f"restic: {fatal}", where=masked(self._repository), hint=hint)


def unread(said: str) -> list[str]:
    """The paths of the files that restic could not read, by what it *said*: lines with a JSON object each."""
    found = []
    for line in said.splitlines():
        with suppress(ValueError, AttributeError):
            value = json.loads(line)
            if value.get("message_type") == "error":
                found.append(str(value["item"]))
    return sorted({*found})


def _tagged(tags: Mapping[str, str]) -> list[str]:
    return [word for name, value in tags.items() for word in ("--tag", f"{name}={value}")]


def _untagged(tags: Sequence[str]) -> dict[str, str]:
    return {name: value for name, equals, value in (tag.partition("=") for tag in tags) if equals}


def _utc(time: str) -> str:
    """*time*, which restic gives in the time zone of whoever saved, in UTC."""
    return datetime.fromisoformat(time).astimezone(UTC).isoformat(timespec="milliseconds")


def _literal(path: str) -> str:
    """*path* as a pattern that means it alone."""
    return "".join(f"\\{letter}" if letter in "*?[\\" else letter for letter in path)


def _saved(output: bytes) -> Saved:
    for line in reversed(output.decode(errors="replace").splitlines()):
        try:
            value: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        if value.get("message_type") == "summary":
            return Saved(value["snapshot_id"], value["total_files_processed"], value["total_bytes_processed"])
    raise BackupError("restic made no snapshot, and did not say why")
