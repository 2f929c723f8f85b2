"""``ecluse clean``: deletes what runs leave on the disk and later runs make again."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import click

from ecluse.cli.project import top
from ecluse.services.paths import cache_folder

__all__ = ["clean"]


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be deleted; delete nothing.")
def clean(dry_run: bool) -> None:
    """Delete reports, caches and tox environments, which later runs make again. Nothing that serves a site is deleted.

    The folders: finished runs and the cache in .ecluse, .tox, and the cache of this user (~/.cache/ecluse), which other
    repositories share. Releases, environments with their databases, the programs of these databases, and the tool's own
    Python stay.

    \b
    Examples:
      ./ecluse clean --dry-run
      ./ecluse clean
    """
    freed = 0
    for path in _unneeded(top(), cache_folder(os.environ)):
        size = _size(path)
        freed += size
        click.echo(f"{size / 1e6:8.1f} MB  {path}")
        if not dry_run:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    click.echo(f"{freed / 1e6:8.1f} MB  {'would be' if dry_run else 'are'} freed")


def _unneeded(repository: Path, cache: Path) -> Iterator[Path]:
    """The folders and files to delete. A run without a record may still be under way: it stays.

    So does a copy of PostgreSQL's programs: the database of a site that serves may run from it.
    """
    records = sorted((repository / ".ecluse" / "runs").glob("*/run.json"))
    cached = sorted(path for path in cache.glob("*") if not path.name.startswith("postgres-"))
    paths = (*(record.parent for record in records), repository / ".ecluse" / "cache", repository / ".tox", *cached)
    yield from (path for path in paths if path.exists() and not path.is_symlink())


def _size(path: Path) -> int:
    """The bytes on the disk of the file *path*, or of all files below it; a file with several names counts once."""
    found = {}
    for name in (path, *path.rglob("*")):
        with contextlib.suppress(FileNotFoundError):  # another process deletes it as well
            state = os.lstat(name)
            if not stat.S_ISDIR(state.st_mode):
                found[state.st_dev, state.st_ino] = state.st_blocks * 512
    return sum(found.values())
