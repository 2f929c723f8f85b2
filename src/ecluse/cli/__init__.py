"""The command ``ecluse``. Each subcommand is a module beside this one, imported only when it is called.

Only this module catches errors, reads ``os.environ`` and ``sys.argv``, and decides the exit code.
"""

from __future__ import annotations

import importlib
import inspect
import io
import os
import signal
import sys
import traceback
from contextlib import suppress
from types import FrameType
from typing import NoReturn

import click

from ecluse import __version__
from ecluse.errors import EcluseError, Interrupted, JobFailed
from ecluse.machine.refusals import refusal
from ecluse.masking import Masker
from ecluse.secrets import known

__all__ = ["main"]

# command → (module, one line of help). The help is here so that `ecluse --help` imports nothing. Ordered for readers.
COMMANDS: dict[str, tuple[str, str]] = {
    "ship": ("ship", "Check, test and roll out to this machine; print the site's address."),
    "test": ("repository", "Run tox: everything a person runs before pushing."),
    "plan": ("plan", "Show what an event would run, in which order, and why."),
    "run": ("run", "Run jobs of the pipeline here."),
    "report": ("runs", "Show the report of a run."),
    "runs": ("runs", "List the runs that are kept here."),
    "explain": ("explain", "Say what an exit code means, and what to do."),
    "clean": ("clean", "Delete what runs left on the disk and later runs make again."),
    "render": ("render", "Write the providers' YAML from pipeline.py, or check it."),
    "doctor": ("doctor", "Ask a provider whether it is set as pipeline.py needs it."),
    "graph": ("render", "Draw the jobs as SVG."),
    "adopt": ("adopt", "Write a pipeline for a Django project that has none."),
    "project": ("inside", "Run a command of the project as the jobs do."),
    "db": ("database", "Give a throwaway PostgreSQL database."),
    "compatibility": ("compatibility", "Test the release that serves on the schema of this change."),
    "wait": ("wait", "Wait until services are ready, then run a command."),
    "package": ("package", "Make a release of what is checked out."),
    "deploy": ("rollout", "Roll a release out to an environment."),
    "rollback": ("rollout", "Go back to the release before."),
    "status": ("environment", "Show what an environment serves."),
    "history": ("environment", "Show the rollouts of an environment."),
    "logs": ("environment", "Show the logs of an environment."),
    "exec": ("environment", "Run a command where a release runs."),
    "backup": ("backup", "Save the data of an environment, and prove that it can be brought back."),
    "backups": ("backup", "List the backups of an environment."),
    "restore": ("backup", "Bring a backup of an environment back."),
    "scale": ("scale", "Give services of a swarm more or fewer tasks."),
    "front": ("rollout", "Set up the front server of a swarm."),
    "maintenance": ("maintenance", "Give visitors a maintenance page, or the site again."),
    "start": ("rollout", "Start what an environment served last."),
    "stop": ("rollout", "Stop an environment on this machine."),
    "provision": ("provision", "Prepare an empty server that is reached by SSH."),
    "follow": ("remote", "Show the rollout that was begun last on a server reached by SSH."),
    "host-key": ("remote", "Print the public key of a server, to pin it in pipeline.py."),
    "monitor": ("monitor", "Show the figures of a machine that is watched."),
    "top": ("monitor", "Show the biggest programs on a machine that is watched."),
    "alerts": ("alerts", "See that people are told of what is wrong."),
    "unlock": ("rollout", "Remove the lock that a lost rollout left behind."),
    "image": ("image", "Build, test, push and promote the images of a release."),
    "bootstrap": ("repository", "Write ./ecluse and its lock into a repository."),
    "lock": ("repository", "Renew the lock files of requirements."),
    "completion": ("completion", "Print the shell's completion script."),
}


class Commands(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"ecluse.cli.{COMMANDS[name][0]}")
        attribute = name.replace("-", "_")
        command = getattr(module, attribute if hasattr(module, attribute) else f"{attribute}_")  # exec is Python's own
        assert isinstance(command, click.Command)
        examples_first(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            close = get_close_matches(args[0], COMMANDS, n=1)
            if close:
                raise click.UsageError(f"{error.message} Did you mean {close[0]}?", ctx) from None
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_module, line) in COMMANDS.items()])


def examples_first(command: click.Command) -> None:
    """Let the help of *command*, and of the commands in it, begin with its examples."""
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        # A group lists its commands by the first sentence of their help.
        inner.short_help = inner.short_help or inner.get_short_help_str(limit=100)
        examples_first(inner)
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    command.help = "\n\n".join(sorted(paragraphs, key=lambda text: not text.startswith("\b\nExample")))


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`ecluse COMMAND --help` explains a command, with examples.",
)
@click.version_option(__version__, prog_name="ecluse")
def cli() -> None:
    """\b
    Examples:
      ./ecluse ship    lint, checks, tests on a real PostgreSQL, release, rollout to this machine
      ./ecluse test    everything a person runs before pushing (tox)
      ./ecluse plan    what a pull request would run, and why

    A Django change from pull request to users: one pipeline, defined in pipeline.py.
    """


def main() -> NoReturn:
    """Run the command and exit: 0, the error's own code, 130 when interrupted, 70 for a bug."""
    signal.signal(signal.SIGTERM, _terminated)
    _prepare_streams()
    code = _run()
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _unwritable(error)
    sys.exit(code)


def _prepare_streams() -> None:
    """Print also where a stream is closed, or knows few characters (a console that is not UTF-8)."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for as long as we run
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _unwritable(error: OSError) -> int:
    """The exit code where the output itself cannot be written: a pipe that nobody reads, a full disk."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # Python would try again when it ends
    if isinstance(error, BrokenPipeError):
        return 128 + signal.SIGPIPE
    refused = refusal(error)
    if refused is None:
        raise error
    _show(refused)
    return refused.exit_code


def _terminated(signum: int, frame: FrameType | None) -> NoReturn:
    # The same way out as Ctrl-C: whatever cleans up after one cleans up after the other.
    raise KeyboardInterrupt


def _run() -> int:
    try:
        # click itself does not ask; without an answer it colours what goes to a terminal.
        colours = False if os.environ.get("NO_COLOR") else None
        code = cli.main(prog_name="ecluse", standalone_mode=False, color=colours)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        _show_misuse(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say("Interrupted.")
        return Interrupted.exit_code
    except EcluseError as error:
        _show(error)
        return error.exit_code
    except BrokenPipeError as error:
        return _unwritable(error)
    except Exception as error:
        refused = refusal(error)
        if refused is None:
            return _bug()
        _show(refused)
        return refused.exit_code


def _bug() -> int:
    _say(traceback.format_exc())
    _say(click.style("This is a bug in Écluse.", bold=True) + " Please report it with the lines above.")
    return 70


def _show(error: EcluseError) -> None:
    _show_error(str(error), error.hint)
    if error.exit_code not in (JobFailed.exit_code, Interrupted.exit_code):  # a report says more, or nothing is to do
        _say(click.style("more:  ", fg="cyan", bold=True) + f"./ecluse explain {error.exit_code}")


def _show_misuse(error: click.ClickException) -> None:
    """Show click's own error, about the command line, in the style of all others."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"{context.command_path} --help shows examples and all options" if context else None
    _show_error(error.format_message(), hint)


def _show_error(text: str, hint: str | None) -> None:
    _say(click.style("error: ", fg="red", bold=True) + text)
    if hint:
        _say(click.style("hint:  ", fg="cyan", bold=True) + hint)


def _say(text: str) -> None:
    masker = Masker(known())
    with suppress(OSError):  # nobody can be told where the messages themselves cannot be written
        click.echo(masker.feed(text) + masker.flush(), err=True, color=False if os.environ.get("NO_COLOR") else None)
