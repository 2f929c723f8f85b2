"""``ecluse backup``, ``backups`` and ``restore``: the data of an environment, saved and brought back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from ecluse.backup.access import Access
from ecluse.backup.manifest import BackupManifest
from ecluse.backup.prove import prove
from ecluse.backup.restic import Restic
from ecluse.backup.save import save, size_of
from ecluse.backup.unpack import unpack
from ecluse.backup.vault import Vault
from ecluse.cli.elsewhere import OfEnvironment
from ecluse.cli.environments import as_json, environment_argument, opened, say
from ecluse.definition.model import Backup
from ecluse.deploy.contract import Data
from ecluse.deploy.session import Session
from ecluse.errors import BackupError
from ecluse.machine import exclusive

__all__ = ["backup", "backups", "restore"]


@click.command(cls=OfEnvironment)
@environment_argument
@as_json
def backup(environment: str, json_: bool) -> None:
    """Save the data of ENVIRONMENT: its database and its media. Then restore it aside, and compare: a backup is proved.

    What serves is not disturbed. Old backups are deleted, as the environment's `backup` says.

    \b
    Examples:
      ./ecluse backup production
      ./ecluse backup production --json
    """
    with opened(environment) as session:
        policy, data = _policy(session), session.target.controls.data()
        with exclusive.held(data.folder / "backup.lock", f"another backup of {environment} is under way"):
            restic, vault = _vault(environment, policy, data)
            made = save(data, environment, vault, restic, say)
            prove(made, vault, restic, data.folder, data.environ)
            say(f"proved     restored aside: every table has its rows, {len(made.media.sample)} files are the same")
            if gone := vault.prune(policy):
                say(f"deleted    {gone} old backups")
    if json_:
        click.echo(json.dumps(_described(made), indent=1))
    else:
        click.echo(f"backup {made.id} of release {made.release} is proved")


@click.command(cls=OfEnvironment)
@environment_argument
@as_json
def backups(environment: str, json_: bool) -> None:
    """List the backups of ENVIRONMENT, the newest last: when, of which release, how large, and whether each is proved.

    \b
    Example:
      ./ecluse backups production
    """
    with opened(environment) as session:
        data = session.target.controls.data()
        _restic, vault = _vault(environment, _policy(session), data)
        found = vault.all()
    if json_:
        click.echo(json.dumps([one.as_json() for one in found], indent=1))
        return
    if not found:
        raise BackupError("there is no backup yet", where=environment, hint=f"./ecluse backup {environment}")
    for one in found:
        when = one.began[:16].replace("T", " ")
        verdict = click.style(one.verdict, fg={True: "green", False: "red", None: "yellow"}[one.proved])
        click.echo(f"{one.id}  {when} UTC  {size_of(one.bytes):>10}  {verdict:<10}  release {one.release}")


@click.command(cls=OfEnvironment)
@environment_argument
@click.option("--backup", "wanted", metavar="ID", help="The backup whose id begins so.  [default: the newest proved]")
@click.option("--into", required=True, type=click.Path(path_type=Path), help="A new folder, on ENVIRONMENT's machine.")
def restore(environment: str, wanted: str | None, into: Path) -> None:
    """Bring a backup of ENVIRONMENT back into a new folder: database.dump for pg_restore, and media. Nothing that
    serves is touched.

    \b
    Examples:
      ./ecluse restore production --into /srv/restored
      ./ecluse restore production --backup 20261127-0412 --into /srv/restored
    """
    with opened(environment) as session:
        data = session.target.controls.data()
        restic, vault = _vault(environment, _policy(session), data)
        found = vault.manifest(wanted)
        unpack(found, restic, into)
    click.echo(f"backup {found.id} of release {found.release} is in {into}")


def _policy(session: Session) -> Backup:
    policy = session.environment.backup
    if policy is None:
        raise BackupError(
            "pipeline.py says nothing of backups here",
            where=session.environment.name,
            hint='Environment(…, backup=Backup(repository="/srv/backups"))',
        )
    return policy


def _vault(environment: str, policy: Backup, data: Data) -> tuple[Restic, Vault]:
    access = Access(data.folder, os.environ, say)
    restic = Restic(policy.repository, access.variables, data.folder / "restic")
    restic.open(say)
    access.keep()
    return restic, Vault(restic, environment)


def _described(made: BackupManifest) -> dict[str, object]:
    database, media = made.database, made.media
    return {
        "id": made.id,
        "began": made.began,
        "release": made.release,
        "commit": made.commit,
        "proved": True,
        "database": {"bytes": database.bytes, "tables": len(database.tables), "rows": sum(database.tables.values())},
        "media": {"bytes": media.bytes, "files": media.files},
    }
