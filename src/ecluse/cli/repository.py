"""``ecluse test``, ``ecluse lock`` and ``ecluse completion``: the repository's own chores."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ecluse.errors import RepositoryError
from ecluse.machine import process
from ecluse.services.equipment import equip

__all__ = ["completion", "lock", "test", "top"]

# lock file → what it is compiled from. All but the last serve every Python from 3.11 on (`--universal`).
LOCKS: dict[str, tuple[str, ...]] = {
    "ecluse.txt": tuple(f"--extra={name}" for name in ("postgres", "containers", "server", "run", "render")),
    "site.txt": ("--group", "site"),
    "image.txt": ("--group", "image", "--constraint", "requirements/site.txt"),
    "tests.txt": ("--group", "tests", "--constraint", "requirements/site.txt"),
    "e2e.txt": ("--group", "e2e"),
    "dev.txt": ("--all-extras", "--group", "dev"),
    "unit.txt": ("--all-extras", "--group", "unit", "--constraint", "requirements/dev.txt"),
    "dev-newest.txt": ("--all-extras", "--group", "dev", "--override", "requirements/newest.in"),
}
OLDEST_PYTHON = {"dev-newest.txt": "3.12"}


def top(start: Path | None = None) -> Path:
    """The repository's top: the nearest folder, from *start* upwards, that has a pipeline.py."""
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "pipeline.py").is_file():
            return folder
    raise RepositoryError(
        f"no pipeline.py in {start} or above it",
        hint="run ecluse inside a repository that has one; docs/how-to says how to write it",
    )


class Verbatim(click.Command):
    """A command whose arguments are another program's: all of them, also the ``--`` that click would keep to itself."""

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
    process.replace((sys.executable, "-m", "tox", *subcommand, *arguments), env=environ)


@click.command()
@click.option("--upgrade", is_flag=True, help="Take the newest versions allowed, not those locked now.")
def lock(upgrade: bool) -> None:
    """Renew requirements/*.txt from pyproject.toml: universal, with hashes, without the address of any index.

    \b
    Examples:
      ./ecluse lock              after changing pyproject.toml
      ./ecluse lock --upgrade    to take newer versions
    """
    folder = top()
    for name, what in LOCKS.items():
        click.echo(f"requirements/{name}", err=True)
        argv = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *what]
        argv += ["--universal", "--generate-hashes", "--no-emit-index-url", "--quiet"]
        argv += ["--python-version", OLDEST_PYTHON.get(name, "3.11"), "--custom-compile-command", "./ecluse lock"]
        argv += ["--output-file", f"requirements/{name}", *(["--upgrade"] if upgrade else [])]
        process.run(argv, cwd=folder)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    Examples:
      eval "$(./ecluse completion bash)"
      ./ecluse completion fish > ~/.config/fish/completions/ecluse.fish
    """
    from click.shell_completion import get_completion_class

    from ecluse.cli import cli

    found = get_completion_class(shell)
    assert found is not None  # the choices above are click's own
    click.echo(found(cli, {}, "ecluse", "_ECLUSE_COMPLETE").source())
