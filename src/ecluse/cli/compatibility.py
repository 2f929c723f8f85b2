"""``ecluse compatibility``: the previous release's tests on the schema of this change."""

from __future__ import annotations

import os

import click

from ecluse.cli.project import top
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
        click.echo(f"Fails on the old schema too, so not because of this change: {failure.name}")
    for failure in result.unsteady:
        click.echo(f"Flaky: failed among the other tests and passed alone: {failure.name}")
    if result.broken:
        names = "\n".join(f"  {failure.name}: {failure.message.partition(chr(10))[0]}" for failure in result.broken)
        raise JobFailed(
            f"this schema breaks the previous release: {len(result.broken)} of its {result.total} tests fail on it,"
            f" and pass on the old schema\n{names}",
            hint="use two releases: first release code that does not use the column or table, then remove it",
        )
    click.echo(f"{result.total} tests of {before} pass on the schema of this change.")


def _say(text: str) -> None:
    click.echo(text, nl=False)
