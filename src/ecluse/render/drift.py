"""Whether what is checked in is what ``pipeline.py`` renders to, byte for byte."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from ecluse import providers
from ecluse.errors import RenderError

__all__ = ["Drift", "check", "drifts", "write"]


@dataclass(frozen=True)
class Drift:
    """A file, by its *path* from the top, that is not as rendered. *new* is what it must be: None if not there."""

    path: str
    old: str | None
    new: str | None

    def diff(self) -> str:
        """From what is there to what is rendered, unified."""
        before = (self.old or "").splitlines(keepends=True)
        after = (self.new or "").splitlines(keepends=True)
        origin = self.path if self.old is not None else "/dev/null"
        target = f"{self.path} (rendered)" if self.new is not None else "/dev/null"
        lines = unified_diff(before, after, origin, target)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def drifts(top: Path, files: Mapping[str, str], header: str) -> tuple[Drift, ...]:
    """The differences between *files* and the repository at *top*. A file that begins with *header* and is not in
    *files* is stale.
    """
    found = [Drift(path, old, new) for path, new in files.items() if (old := _read(top / path)) != new]
    for name in _standing(top):
        if name not in files and (old := _read(top / name)) is not None and old.startswith(f"# {header}"):
            found.append(Drift(name, old, None))
    return tuple(found)


def _standing(top: Path) -> Iterator[str]:
    """Every file that stands where a provider's rendered files do."""
    for provider in providers.PROVIDERS.values():
        for place in provider.places:
            if (top / place).is_file():
                yield place
            yield from (path.relative_to(top).as_posix() for path in sorted((top / place).rglob("*.yml")))


def check(top: Path, files: Mapping[str, str], header: str) -> None:
    """Raises RenderError with the whole diff where the repository differs."""
    found = drifts(top, files, header)
    if found:
        names = ", ".join(drift.path for drift in found)
        raise RenderError(
            "".join([f"differs from what pipeline.py renders: {names}\n", *(drift.diff() for drift in found)]).rstrip(
                "\n"
            ),
            hint="./ecluse render writes them; what was edited by hand belongs into pipeline.py",
        )


def write(top: Path, files: Mapping[str, str], header: str) -> tuple[str, ...]:
    """Make the repository what *files* say; the paths that changed."""
    found = drifts(top, files, header)
    for drift in found:
        path = top / drift.path
        if drift.new is None:
            path.unlink()
            with contextlib.suppress(OSError):
                path.parent.rmdir()  # where it was the last
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            # As bytes: a newline is one byte on every system.
            path.write_bytes(drift.new.encode())
    return tuple(drift.path for drift in found)


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
