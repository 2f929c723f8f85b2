"""``ecluse backup``, ``backups`` and ``restore``: the data of an environment, saved and brought back."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path

import click

from ecluse.backup.access import Access
from ecluse.backup.alone import alone
from ecluse.backup.manifest import BackupManifest
from ecluse.backup.prove import prove
from ecluse.backup.replace import replace, replaceable
from ecluse.backup.restic import Restic
from ecluse.backup.save import save
from ecluse.backup.unpack import unpack
from ecluse.backup.vault import Vault
from ecluse.cli.elsewhere import OfEnvironment
from ecluse.cli.environments import as_json, environment_argument, opened, say
from ecluse.cli.times import ago
from ecluse.definition.model import Backup
from ecluse.deploy.contract import Data
from ecluse.deploy.last_backup import LastBackup
from ecluse.deploy.session import Session
from ecluse.errors import BackupError, EcluseError
from ecluse.machine import sizes

__all__ = ["backup", "backups", "restore"]


@click.command(cls=OfEnvironment)
@environment_argument
@click.option("--prove", "again", is_flag=True, help="Save nothing: prove the newest backup once more.")
@as_json
def backup(environment: str, again: bool, json_: bool) -> None:
    """Save the data of ENVIRONMENT: its database and its media. Then restore it aside, and compare: a backup is proved.

    What serves is not disturbed. Old backups are deleted, as the environment's `backup` says.

    \b
    Examples:
      ./ecluse backup production
      ./ecluse backup production --json
      ./ecluse backup production --prove     what is kept can still be restored
    """
    with opened(environment) as session:
        policy, data = _policy(session), session.target.controls.data()
        with _alone(environment, data), _failure_noted(data, None if again else time.time()):
            # Where one was used before, another one in its place would hide that it is gone.
            new = not again and not LastBackup.read(data.folder).id
            restic, vault = _vault(environment, policy, data, make=new)
            made = _newest(environment, vault) if again else save(data, environment, vault, restic, say)
            prove(made, vault, restic, data.folder, data.environ)
            say(f"proved     restored aside: every table has its rows, {len(made.media.sample)} files are the same")
            if not again:
                _prune(vault, policy)
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
        raise _none(environment)
    for one in found:
        when = one.began[:16].replace("T", " ")
        verdict = click.style(one.verdict, fg={True: "green", False: "red", None: "yellow"}[one.proved])
        proof = f" {ago(time.time() - datetime.fromisoformat(one.at).timestamp())}" if one.at else ""
        size = sizes.in_words(one.bytes)
        click.echo(f"{one.id}  {when} UTC  {size:>10}  release {one.release}  {verdict}{proof}")


@click.command(cls=OfEnvironment)
@environment_argument
@click.option("--backup", "wanted", metavar="ID", help="The backup whose id begins so.  [default: the newest proved]")
@click.option("--into", type=click.Path(path_type=Path), help="A new folder, on ENVIRONMENT's machine.")
@click.option("--in-place", is_flag=True, help="In the place of what serves, which is saved before.")
def restore(environment: str, wanted: str | None, into: Path | None, in_place: bool) -> None:
    """Bring a backup of ENVIRONMENT back: into a new folder, or in the place of the data that serves.

    In place, visitors have the maintenance page meanwhile. What serves is saved before, as a backup like any other: to
    go back, restore that one.

    \b
    Examples:
      ./ecluse restore production --into /home/shop/restored                database.dump for pg_restore, and media
      ./ecluse restore production --backup 20261127-0412 --in-place   the site works with these data again
    """
    if (into is None) != in_place:
        raise click.UsageError("name a folder with --into, or say --in-place: one of the two.")
    with opened(environment) as session:
        data = session.target.controls.data()
        restic, vault = _vault(environment, _policy(session), data)
        listed = vault.find(wanted)
        found = vault.manifest(listed)
        if into is not None:
            unpack(found, restic, into)
        elif listed.proved:
            _in_place(session, found, data, restic, vault)
        else:
            raise BackupError(
                f"backup {listed.id} is {listed.verdict}: it does not take the place of what serves",
                where=environment,
                hint="--into brings it back into a folder, where you can look at it",
            )
    click.echo(f"backup {found.id} of release {found.release} is in {into or 'service'}")


def _in_place(session: Session, found: BackupManifest, data: Data, restic: Restic, vault: Vault) -> None:
    name, person = session.environment.name, session.person
    held = session.target.records.held(who=person.name, host=person.host, what=f"restore of backup {found.id}")
    with held, _alone(name, data):
        replaceable(found, data)
        with session.closed():
            say("what serves is saved before it is replaced")
            before = save(data, name, vault, restic, say)
            prove(before, vault, restic, data.folder, data.environ)
            say(f"to undo this: ./ecluse restore {name} --backup {before.id} --in-place")
            replace(found, restic, data, say)


def _prune(vault: Vault, policy: Backup) -> None:
    """Delete old backups. Where that fails, the new one is as good as it was."""
    try:
        gone = vault.prune(policy)
    except BackupError as error:
        say(f"old backups are not deleted this time: {error.what}")
        return
    if gone:
        say(f"deleted    {gone} old backups")


def _newest(environment: str, vault: Vault) -> BackupManifest:
    found = vault.all()
    if not found:
        raise _none(environment)
    return vault.manifest(found[-1])


def _none(environment: str) -> BackupError:
    return BackupError("there is no backup yet", where=environment, hint=f"./ecluse backup {environment}")


def _alone(environment: str, data: Data) -> AbstractContextManager[None]:
    return alone(data, f"another backup of {environment} is under way")


@contextmanager
def _failure_noted(data: Data, tried: float | None) -> Iterator[None]:
    """Note in the environment's folder that the command failed, which began to save at *tried*, where it was to save:
    nobody reads what a timer prints.
    """
    try:
        yield
    except (EcluseError, OSError, KeyboardInterrupt) as error:
        why = error.what if isinstance(error, EcluseError) else str(error) or "it was interrupted"
        with suppress(OSError):  # it would hide the first
            LastBackup.note_failure(data.folder, why, time.time(), tried=tried)
        raise


def _policy(session: Session) -> Backup:
    policy = session.environment.backup
    if policy is None:
        raise BackupError(
            "pipeline.py says nothing of backups here",
            where=session.environment.name,
            hint='Environment(…, backup=Backup(repository="/srv/backups"))',
        )
    return policy


def _vault(environment: str, policy: Backup, data: Data, *, make: bool = False) -> tuple[Restic, Vault]:
    access = Access(data.folder, os.environ, say)
    restic = Restic(policy.repository, access.variables, data.folder / "restic")
    hint = "is its disk mounted? For a new one, delete " + str(LastBackup.path(data.folder))
    if not LastBackup.read(data.folder).id:
        hint = f"./ecluse backup {environment} makes it"
    restic.open(say, make=make, hint=hint)
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
