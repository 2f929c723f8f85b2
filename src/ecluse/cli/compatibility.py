"""``ecluse compatibility``: the tests of the release before, on the schema of this change."""

from __future__ import annotations

import os

import click

from ecluse.cli.repository import top
from ecluse.errors import JobFailed

__all__ = ["compatibility"]


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--branch", default="staging", show_default=True, metavar="NAME", help="What has been rolled out.")
@click.option("--tags", default="v*", show_default=True, metavar="PATTERN", help="Where that branch is not: its tags.")
@click.option("--always", is_flag=True, help="Also where no file of a schema has changed.")
@click.argument("tests", nargs=-1, type=click.UNPROCESSED)
def compatibility(branch: str, tags: str, always: bool, tests: tuple[str, ...]) -> None:
    """Run the tests of the release that serves on the schema of this change, on a real PostgreSQL.

    While a rollout migrates, and after a rollback, that release lives with the new schema. Its code and tests are taken
    from git: where HEAD left the branch, else the last tag. TESTS are arguments of pytest; pytest-django makes the
    databases. Run it where the tests run: it uses what is installed beside it.

    \b
    Examples:
      ./ecluse run compatibility                               as the pull request does
      python -m ecluse compatibility tests                     in the environment of the tests
      python -m ecluse compatibility --always -- -k models
    """
    from ecluse.services.empty import server
    from ecluse.testing import compatibility as checks

    folder = top()
    before = checks.previous(folder, branch, tags)
    if isinstance(before, str):
        click.echo(f"Nothing to check: {before}.")
        return
    changed = checks.changes(folder, before)
    if not changed and not always:
        click.echo(f"Nothing to check: since {before} no migration and no locked package has changed.")
        return
    if changed:
        click.echo("\n".join([f"Changed since {before}:", *(f"  {path}" for path in changed)]))
    with server(os.environ) as address:
        result = checks.check(folder, before, address, tests, os.environ, _say)
    for failure in result.unrelated:
        click.echo(f"Fails on its own schema too, so that this change is not why: {failure.name}")
    for failure in result.unsteady:
        click.echo(f"Failed among the others and not again, so that no schema is why: {failure.name}")
    if result.broken:
        names = "\n".join(f"  {failure.name}: {failure.message.partition(chr(10))[0]}" for failure in result.broken)
        raise JobFailed(
            f"the release before cannot live with this schema: {len(result.broken)} of its {result.total} tests fail"
            f" on it, and pass on their own\n{names}",
            hint="do it in two releases: first one that stops using what goes, then the one that takes it away",
        )
    click.echo(f"{result.total} tests of {before} live with the schema of this change.")


def _say(text: str) -> None:
    click.echo(text, nl=False)
