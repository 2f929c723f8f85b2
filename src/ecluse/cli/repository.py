"""``ecluse test``, ``lock`` and ``bootstrap``: chores of a repository."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ecluse.cli.project import top
from ecluse.definition.load import load
from ecluse.errors import RepositoryError
from ecluse.machine import process
from ecluse.machine.tools import tool
from ecluse.services.equipment import equip

__all__ = ["bootstrap", "lock", "test"]


def _repository() -> Path:
    """The top of the repository around the working directory, with or without a pipeline.py; else that directory."""
    start = Path.cwd().resolve()
    for folder in (start, *start.parents):
        if (folder / "pipeline.py").is_file() or (folder / ".git").exists():
            return folder
    return start


class Verbatim(click.Command):
    """A command that passes all its arguments to another program, also the ``--`` that click would remove."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] in self.get_help_option_names(ctx):
            return super().parse_args(ctx, args)
        ctx.params["arguments"] = tuple(args)
        return []


@click.command(cls=Verbatim)
@click.argument("arguments", nargs=-1)
def test(arguments: tuple[str, ...]) -> None:
    """Run tox: everything a person runs before pushing. ARGUMENTS go to tox.

    \b
    Examples:
      ./ecluse test                 all environments that this machine has a Python for
      ./ecluse test -e lint,unit    these alone
      ./ecluse test list            what there is
    """
    os.chdir(top())
    subcommand = () if arguments and not arguments[0].startswith("-") else ("run",)
    environ = equip(os.environ, top() / ".ecluse")
    process.replace(tool("tox", *subcommand, *arguments), env=environ)


@click.command()
@click.option("--upgrade", is_flag=True, help="Take the newest versions allowed, not those locked now.")
def lock(upgrade: bool) -> None:
    """Renew the lock files that pipeline.py names: for every system, with hashes, without the address of any index.

    \b
    Examples:
      ./ecluse lock              after changing pyproject.toml
      ./ecluse lock --upgrade    to take newer versions
    """
    folder = top()
    pipeline = load(folder / "pipeline.py")
    locks = pipeline.locks
    if pipeline.project is not None:
        from ecluse.adopt.renewing import renew

        builds = pipeline.release.builds if pipeline.release else ()
        renew(folder, pipeline.project, os.environ, lambda line: click.echo(line, err=True), builds=builds)
    elif not locks:
        raise RepositoryError("pipeline.py names no lock files", hint="Pipeline(locks=(Lock(path=…),)) names one")
    for one in locks:
        click.echo(one.path, err=True)
        argv = [*tool("uv", "pip", "compile"), *one.sources, *one.options]
        argv += ["--universal", "--generate-hashes", "--no-emit-index-url", "--quiet", "--python-version", one.python]
        argv += ["--custom-compile-command", "./ecluse lock", "--output-file", one.path]
        process.run([*argv, *(["--upgrade"] if upgrade else [])], cwd=folder)


@click.command()
@click.option("--wheel", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Install this wheel.")
@click.option("--extra", multiple=True, metavar="NAME", help="An extra to install. [default: containers]")
def bootstrap(wheel: Path | None, extra: tuple[str, ...]) -> None:
    """Write ./ecluse into this repository: a script that installs this version of Écluse from a lock, and runs it.

    What is written is to be committed. The script makes a Python environment under .ecluse/ and touches no other. Where
    this version came from a wheel, and not from a package index, the wheel is copied beside the lock.

    \b
    Examples:
      uvx ecluse bootstrap                       in the top folder of a repository
      ecluse bootstrap                           again, with a newer Écluse: renews the lock
      ecluse bootstrap --wheel dist/ecluse-*.whl
    """
    from ecluse.bootstrap import write

    for path in write(_repository(), os.environ, wheel=wheel, extras=extra or ("containers",)):
        click.echo(f"wrote {path}")
