"""``ecluse completion``: a shell completes the names of commands, options and their choices."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

import click

__all__ = ["completion"]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.option("--install", is_flag=True, help="Install it for your user: every new shell has it.")
def completion(shell: str, install: bool) -> None:
    """Print the completion script of SHELL, or install it.

    \b
    Examples:
      ./ecluse completion bash --install    for good: in every new shell
      eval "$(./ecluse completion bash)"    in this shell alone
    """
    from click.shell_completion import get_completion_class

    from ecluse.cli import cli

    found = get_completion_class(shell)
    assert found is not None  # the choices above are click's own
    script = found(cli, {}, "ecluse", "_ECLUSE_COMPLETE").source()
    if not install:
        click.echo(script)
        return
    for path in _installed(shell, script, os.environ):
        click.echo(f"wrote {path}")
    click.echo(f"Start a new {shell}, and press TAB behind ecluse or ./ecluse.")


def _installed(shell: str, script: str, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Write *script* where *shell* finds it, and return the files that were written.

    fish reads a folder of completions. bash and zsh have none on every system: a line in the file that they read at
    their start reads the script.
    """
    home = Path(environ.get("HOME") or Path.home())
    if shell == "fish":
        folder = Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "fish", "completions")
        return (_write(folder / "ecluse.fish", script),)
    kept = _write(Path(environ.get("XDG_DATA_HOME") or home / ".local/share", "ecluse", f"completion.{shell}"), script)
    start = home / ".bashrc" if shell == "bash" else Path(environ.get("ZDOTDIR") or home, ".zshrc")
    text = start.read_text(encoding="utf-8") if start.exists() else ""
    line = f". {shlex.quote(str(kept))}"
    if line in text.splitlines():
        return (kept,)
    return kept, _write(start, f"{text.rstrip()}\n{line}".lstrip())


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n", encoding="utf-8")
    return path
