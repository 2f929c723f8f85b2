"""The part of Écluse that a machine needs to run its commands: the script that installs, the lock, the sources.

It is named by its content. The packages of the lock are installed on the machine, from its own index, with their
hashes.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ecluse
from ecluse import bootstrap
from ecluse.errors import RepositoryError

__all__ = ["Tool"]

# An entry of a lock: the requirement, then its indented hashes and comments.
_OWN_ENTRY = re.compile(r"^ecluse(?:\[[^]]*\])?[ =@].*\n(?:[ \t].*\n)*", re.MULTILINE)


@dataclass(frozen=True)
class Tool:
    """The tool as files: their paths on the machine, and their content."""

    files: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, top: Path) -> Tool:
        """This Écluse, with the lock of the repository at *top*. Raises RepositoryError where that has none."""
        try:
            lock = (top / bootstrap.LOCK).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise RepositoryError(
                f"{bootstrap.LOCK} is missing; the server installs Écluse from it", hint="ecluse bootstrap writes it"
            ) from None
        package = Path(ecluse.__file__).parent
        return cls(
            (
                (bootstrap.SCRIPT, Path(bootstrap.__file__).with_name("ecluse.sh").read_bytes()),
                # The sources are this Écluse's own: what runs there then understands what is asked from here.
                (bootstrap.LOCK, _OWN_ENTRY.sub("", lock).encode()),
                *(
                    (f"src/ecluse/{path.relative_to(package).as_posix()}", path.read_bytes())
                    for path in _sources(package)
                ),
            )
        )

    @property
    def digest(self) -> str:
        """The name of the tool."""
        return _digest(self.files)

    @property
    def lock_digest(self) -> str:
        """The name of what the tool's lock installs."""
        return _digest([one for one in self.files if one[0] == bootstrap.LOCK])

    def archive(self) -> bytes:
        """The files as an archive that ``tar -xz`` unpacks."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=6) as archive:
            for name, content in self.files:
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(content), 0o755 if name == bootstrap.SCRIPT else 0o644
                archive.addfile(member, io.BytesIO(content))
        return buffer.getvalue()


def _sources(package: Path) -> Iterator[Path]:
    for path in sorted(package.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _digest(files: tuple[tuple[str, bytes], ...] | list[tuple[str, bytes]]) -> str:
    content = hashlib.sha256()
    for name, data in files:
        content.update(f"{name}\0{len(data)}\0".encode() + data)
    return content.hexdigest()[:16]
