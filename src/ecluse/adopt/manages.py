"""The Django projects of a repository: every manage.py that git lists, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

__all__ = ["rank", "unlikely"]

# A folder of one of these names holds somebody else's project, or one that shows something.
_ASIDE = frozenset(
    "example examples sample samples demo demos doc docs test tests testing vendor vendored third_party node_modules "
    "site-packages venv env virtualenv template templates project_template fixtures scripts".split()
)


def rank(top: Path, files: Iterable[str]) -> tuple[str, ...]:
    """The folders (from *top*, ``.`` for itself) with a manage.py of Django among *files*, the likeliest first.

    A project near the top comes before one deep below; an example, a test project or a vendored copy comes last.
    """
    found = [PurePosixPath(name).parent for name in files if PurePosixPath(name).name == "manage.py"]
    django = [folder for folder in found if "django" in _text(top / folder / "manage.py")]
    return tuple(str(folder) for folder in sorted(django, key=lambda folder: (unlikely(folder), len(folder.parts))))


def unlikely(folder: PurePosixPath) -> bool:
    """Whether *folder* is named like an example, a test or a copy of somebody else's code."""
    return any(part.lower() in _ASIDE or part.startswith((".", "{{")) for part in folder.parts)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
