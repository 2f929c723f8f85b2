"""The outlook of a rollout as text."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ecluse.deploy.contract import Migration
from ecluse.deploy.judge import flag
from ecluse.deploy.outlook import Outlook

__all__ = ["outlook_text"]


def outlook_text(found: Outlook) -> str:
    """The release and what it replaces, each migration with its SQL, and what would stop the rollout."""
    return "\n".join(_lines(found))


def _lines(found: Outlook) -> Iterator[str]:
    over = f"over release {found.serving}" if found.serving else "where nothing serves"
    yield click.style(f"release {found.release} to {found.environment}, {over}", bold=True)
    if found.interrupted:
        yield f"the rollout of {found.interrupted.release} was interrupted: it is finished or undone first"
    yield from (f"{line}: a rollout resets it" for line in found.drift)
    if found.unchanged:
        yield "it serves already, and well: nothing to do"
        return
    yield from (click.style(f"warning: {line}", fg="yellow") for line in found.lost)
    if found.order:
        yield f"refused: {found.order}"
    if found.migrations is None:
        yield "its database is not there to be asked: what it would be migrated by shows when it is rolled out"
    elif not found.migrations:
        yield "no migration is pending"
    for migration in found.migrations or ():
        yield from _migration(found, migration)
    if found.how:
        yield ""
        yield from found.how
    if found.behind:
        yield f"refused: the database has moved past this release: {', '.join(found.behind)}"
        yield from (f"  {reason}" for reason in found.reasons)


def _migration(found: Outlook, migration: Migration) -> Iterator[str]:
    yield ""
    beside = "" if migration.database == "default" else f" of the database {migration.database}"
    yield click.style(f"migration {migration.name}{beside}", bold=True)
    yield from (f"    {line}" for line in migration.sql.splitlines())
    yield from (f"  {line}" for line in (*migration.locks, *migration.notes))
    for reason in migration.unsafe:
        yield click.style(f"  unsafe: release {found.serving} cannot live with it: {reason}", fg="yellow")
    yield from (f"  no way back: {reason}" for reason in migration.one_way)
    if migration in found.refused:
        yield click.style(f"  refused, unless {flag(migration)}", fg="red")
    elif migration.unsafe:
        yield "  allowed by name" if found.serving else "  nothing serves that it could break"
