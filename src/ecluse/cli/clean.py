"""``ecluse clean``: deletes what runs leave on the disk and later runs make again."""

from __future__ import annotations

import os
import shutil
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
    repositories share. Releases, environments with their databases, and the tool's own Python stay.

    \b
    Examples:
      ./ecluse clean --dry-run
      ./ecluse clean
    """
    freed = 0
    for folder in _folders(top(), cache_folder(os.environ)):
        size = _size(folder)
        freed += size
        click.echo(f"{size / 1e6:8.1f} MB  {folder}")
        if not dry_run:
            shutil.rmtree(folder)
    click.echo(f"{freed / 1e6:8.1f} MB  {'would be' if dry_run else 'are'} freed")


def _folders(repository: Path, cache: Path) -> Iterator[Path]:
    """The folders to delete that are there. A run without a record may still be under way: it stays."""
    records = sorted((repository / ".ecluse" / "runs").glob("*/run.json"))
    folders = (*(record.parent for record in records), repository / ".ecluse" / "cache", repository / ".tox", cache)
    yield from (folder for folder in folders if folder.is_dir() and not folder.is_symlink())


def _size(folder: Path) -> int:
    """The bytes on the disk of all files below *folder*; a file with several names in it counts once."""
    found = {}
    for path, _folders, names in os.walk(folder):
        for name in names:
            state = os.lstat(os.path.join(path, name))
            found[state.st_dev, state.st_ino] = state.st_blocks * 512
    return sum(found.values())
