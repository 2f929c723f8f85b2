"""The lock of a release as one text, with what its lines ``-r FILE`` and ``-c FILE`` name.

A lock may be divided over files, as ``production.txt`` with ``-r base.txt``. All of them decide what is installed: so
the text is what names the release and its virtual environment, and what the release holds.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ecluse.errors import ReleaseError

__all__ = ["CONSTRAINTS", "REQUIREMENTS", "LockedRequirements", "read"]

REQUIREMENTS = "requirements.txt"
CONSTRAINTS = "constraints.txt"

# https://pip.pypa.io/en/stable/reference/requirements-file-format/: an option, a space or =, a path or an address.
_OTHER_FILE = re.compile(r"(?:(-r|--requirement)|(-c|--constraint))(?:\s*=\s*|\s+|(?<=-[rc]))(\S.*?)(?:\s+#.*)?\s*")


@dataclass(frozen=True)
class LockedRequirements:
    """The *requirements* and *constraints* of a release, and the *files* that they are made of, from the top."""

    requirements: bytes
    constraints: bytes
    files: tuple[str, ...]

    def write(self, folder: Path) -> Path:
        """Write the lock into *folder*, and return what ``pip install -r`` is to be given."""
        if self.constraints:
            (folder / CONSTRAINTS).write_bytes(self.constraints)
        (folder / REQUIREMENTS).write_bytes(self.requirements)
        return folder / REQUIREMENTS


def read(top: Path, path: str) -> LockedRequirements:
    """The lock at *path* (from *top*), whole. A file that it names twice is in it once.

    Raises ReleaseError where a file is missing or is no text, or where an address of the network is named.
    """
    reader = _Reader(top)
    text = reader.expand(top / path)
    constraints = "".join(reader.constraints).encode("utf-8", "surrogateescape")
    if constraints:
        # The hash: other constraints are another lock, and so another release in another virtual environment.
        text += f"-c {CONSTRAINTS}  # {hashlib.sha256(constraints).hexdigest()}\n"
    return LockedRequirements(text.encode("utf-8", "surrogateescape"), constraints, tuple(reader.files))


def _is_of_this_machine(line: str) -> bool:
    """Whether a line installs something from this machine's disk: ``-e .``, ``./vendor/shop.whl``, ``file:…``."""
    text = re.sub(r"(^|\s)#.*", "", line).strip()
    option = re.fullmatch(r"(?:-e|--editable|-f|--find-links)(?:\s*=\s*|\s+)?(.+)", text)
    if option is None and text.startswith("-"):
        return False
    words = (option[1] if option else text).split(";")[0].rpartition("@ ")[2].split()
    place = words[0].strip("\"'") if words else ""
    if "://" in place or "file:" in place:
        return "file:" in place
    return option is not None or "/" in place or place == "." or place.endswith((".whl", ".tar.gz", ".zip"))


class _Reader:
    def __init__(self, top: Path) -> None:
        self._top = top.resolve()
        self._seen: set[Path] = set()
        self.files: list[str] = []
        self.constraints: list[str] = []

    def expand(self, path: Path, named_by: str = "pipeline.py: release") -> str:
        """The text of *path* with what it names in the place of each such line; of a file seen before, nothing."""
        try:
            resolved = path.resolve()
        except (OSError, RuntimeError):  # links that lead in a circle: its reading says so
            resolved = path.absolute()
        if resolved in self._seen:
            return ""
        self._seen.add(resolved)
        name = str(resolved.relative_to(self._top)) if resolved.is_relative_to(self._top) else str(resolved)
        try:
            text = resolved.read_bytes().decode("utf-8-sig", "surrogateescape")
        except OSError as error:
            raise ReleaseError(f"{name} cannot be read: {error.strerror}", where=named_by) from None
        self.files.append(name)
        lines = text.splitlines(keepends=True)
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        return "".join(self._line(line, resolved, name) for line in lines)

    def _line(self, line: str, path: Path, name: str) -> str:
        found = _OTHER_FILE.fullmatch(line.strip())
        if not found:
            if _is_of_this_machine(line):
                raise ReleaseError(
                    f"{line.strip()!r} is installed from a file or a folder that the release does not have",
                    where=name,
                    hint="name it by its address (git+https://…@COMMIT), or put its source among the release's files",
                )
            return line
        _requirement, constraint, other = found.groups()
        other = other.strip("\"'")
        if re.match(r"[a-z][a-z0-9+.-]*://", other, re.IGNORECASE):
            raise ReleaseError(f"{other} is an address, whose content may change", where=name, hint="keep a copy")
        text = self.expand(path.parent / other, name)
        if not constraint:
            return text
        self.constraints.append(text)
        return ""
