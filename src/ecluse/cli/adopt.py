"""``ecluse adopt``: a pipeline for a Django project that has none."""

from __future__ import annotations

import difflib
import json
import os
import sys
import time
from pathlib import Path

import click

from ecluse.errors import AdoptError
from ecluse.machine import git
from ecluse.providers import PROVIDERS

__all__ = ["adopt"]


@click.command()
@click.option("--write", is_flag=True, help="Write the files, then prove that they work.")
@click.option("--no-proof", is_flag=True, help="With --write: write the files and stop.")
@click.option("--undo", is_flag=True, help="Delete the files that were written and not edited since.")
@click.option(
    "--provider",
    type=click.Choice(list(PROVIDERS)),
    default=None,
    help="Write the YAML of this provider, whatever the remote says.",
)
@click.option("--json", "json_", is_flag=True, help="Print JSON on standard output.")
def adopt(write: bool, no_proof: bool, undo: bool, provider: str | None, json_: bool) -> None:
    """Write a pipeline for the Django project in this repository, by asking the project itself.

    Without an option it says what it found and what it would write, and writes nothing.

    \b
    Examples:
      ecluse adopt            look, and show what would be written
      ecluse adopt --write    write it, then prove it: tests on PostgreSQL, a rollout, the way back
      ecluse adopt --undo     take it away again

    Exits with 15 where the project cannot be adopted; the message says why.
    """
    from ecluse.adopt import written_files
    from ecluse.adopt.planning import prepare
    from ecluse.adopt.proving import baseline, prove
    from ecluse.adopt.table import Table

    top = Path(git.line(Path.cwd(), "rev-parse", "--show-toplevel"))
    if undo:
        deleted, kept = written_files.forget(top)
        click.echo(
            "\n".join([*(f"deleted {name}" for name in deleted), *(f"kept {name}: it was edited" for name in kept)])
        )
        return
    began = time.monotonic()
    prepared = prepare(top, os.environ, _say, provider=provider or "")
    if not json_:
        click.echo(prepared.text())
    if not write:
        click.echo(json.dumps(prepared.as_json(), indent=1) if json_ else _diff(top, prepared.files))
        return
    table = Table(lambda row: None if json_ else click.echo(_row(row)))
    with table.row("found", began=began) as row:
        row.detail = f"Django {prepared.found.answer.django} on Python {prepared.found.python}"
    edited = [name for name in prepared.files if name != ".gitignore" and written_files.changed_since(top, name)]
    for name in edited:
        _say(f"{name} is not what ecluse adopt wrote: it is left alone")
    written_files.remember(top, {name: text for name, text in prepared.files.items() if name not in edited})
    _complete(top)
    if not no_proof:
        try:
            before = baseline(prepared.found, table, _say) if prepared.plan.has_tests else None
            prove(prepared.found, before, table, os.environ, _say)
        except AdoptError:
            pass  # the table has it
    if json_:
        click.echo(json.dumps({**prepared.as_json(), "table": table.as_json()}, indent=1))
    sys.exit(0 if table.ok else AdoptError.exit_code)


def _complete(top: Path) -> None:
    """Write the script, its lock and the provider's YAML, which are made of what was written."""
    from ecluse import bootstrap
    from ecluse.adopt import written_files
    from ecluse.cli.project import pipeline_in
    from ecluse.render import render

    _say("writing the command, its lock and the provider's YAML")
    if not (top / bootstrap.SCRIPT).is_file():  # `ecluse bootstrap` renews them
        written_files.note(top, bootstrap.write(top, os.environ))
    rendered = render(pipeline_in(top)).files
    taken = [name for name in rendered if (top / name).is_file() and written_files.changed_since(top, name)]
    for name in taken:
        _say(f"{name} is there already and is left alone: ./ecluse render would replace it")
    written_files.remember(top, {name: text for name, text in rendered.items() if name not in taken})


def _diff(top: Path, files: dict[str, str]) -> str:
    lines: list[str] = []
    for name, content in files.items():
        before = (top / name).read_text(encoding="utf-8") if (top / name).is_file() else ""
        if name.endswith(".txt"):
            state = "unchanged" if before == content else "changed" if before else "new"
            lines.append(f"{name}: {state}, {content.count('==')} packages with hashes")
        else:
            pieces = difflib.unified_diff(
                before.splitlines(), content.splitlines(), f"a/{name}", f"b/{name}", lineterm=""
            )
            lines += pieces
    return "\n".join([*lines, "", "Nothing was written. ecluse adopt --write writes this, then proves that it works."])


def _row(row: object) -> str:
    from ecluse.adopt.table import Row

    assert isinstance(row, Row)
    mark = click.style("✓", fg="green") if row.ok else click.style("✗", fg="red")
    whose = f" ({row.whose})" if row.whose else ""
    first, *rest = (row.detail or "").splitlines() or [""]
    return "\n".join(
        [f"{mark} {row.name:<15} {row.seconds:6.1f} s  {first}{whose}", *(f"      {line}" for line in rest)]
    )


def _say(line: str) -> None:
    click.echo(f"ecluse: {line}", err=True)
