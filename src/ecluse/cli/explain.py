"""``ecluse explain``: what an exit code means, and what to do about it."""

from __future__ import annotations

import inspect
import textwrap

import click

from ecluse import errors

__all__ = ["ADVICE", "explain"]

ADVICE: dict[int, tuple[str, str]] = {
    1: (
        "Run the failed job alone: its output ends with the command. `./ecluse report --open` shows its log and the "
        "difference that a test found.",
        "how-to/why-did-my-pull-request-fail.md",
    ),
    3: (
        "The message names the field of pipeline.py. Correct it, and see with `./ecluse plan` what would run.",
        "reference/pipeline.md",
    ),
    4: (
        "The message lists each source that was tried for the service, and why it was refused. Name a server in the "
        "service's variable (`DATABASE_URL` for PostgreSQL), or start a Docker engine.",
        "reference/databases.md",
    ),
    5: (
        "`./ecluse package` makes the release again. A release has only the files that pipeline.py names in `release`, "
        "and of these none that Git ignores.",
        "explanation/rollouts.md",
    ),
    6: (
        "The message says which release serves now; visitors are not without one unless it says so. Correct the cause "
        "and deploy again: an interrupted rollout is finished or undone first. `./ecluse logs ENVIRONMENT` has the "
        "processes' output.",
        "explanation/rollouts.md",
    ),
    7: (
        "Wait until the rollout that is named has ended. If its process hangs, `./ecluse unlock ENVIRONMENT --force` "
        "takes the lock away. The lock of a process that died is free by itself. For a backup only wait: `unlock` is "
        "for rollouts.",
        "explanation/rollouts.md",
    ),
    8: (
        "`./ecluse render` writes the files; commit them. If a provider cannot do what a job asks, the message names "
        "the difference to accept.",
        "reference/providers.md",
    ),
    9: (
        "Install the program that the message names, in the version that it names, and see that it is on your PATH.",
        "reference/cli.md",
    ),
    10: (
        "`./ecluse status ENVIRONMENT` shows what serves. See that the machine can be reached, that its disk has room, "
        "and that the account may do what the message says.",
        "how-to/prepare-a-server.md",
    ),
    11: (
        "Nothing has changed. `./ecluse plan deploy ENVIRONMENT` shows the SQL of each pending migration and why it "
        "would break the release that serves. Do it in two rollouts: first stop using the column, then remove it. "
        "`--allow-migration APP.NUMBER` accepts the errors of the time in between.",
        "explanation/rollouts.md",
    ),
    12: (
        "Build alone with `./ecluse image build`. For the registry, see its address and the account of this machine.",
        "reference/images.md",
    ),
    13: (
        "Run the command in the folder that has pipeline.py, in a Git repository. A project without a pipeline gets "
        "one by `ecluse adopt`.",
        "how-to/bring-ecluse-to-your-project.md",
    ),
    14: ("The lines before the message are the output of the program. Run it alone to see more.", "reference/cli.md"),
    15: (
        "The message says what the project or this machine lacks. `ecluse adopt` without `--write` changes nothing: "
        "try it again after each correction.",
        "how-to/bring-ecluse-to-your-project.md",
    ),
    16: (
        "Give the disk room (`./ecluse clean` deletes what is made again), or give the account the permission for the "
        "path that is named.",
        "reference/cli.md",
    ),
    17: (
        "`./ecluse backups ENVIRONMENT` lists the backups and whether each was proved. See that the repository can be "
        "reached and that `RESTIC_PASSWORD` is the one that it was made with.",
        "how-to/save-and-bring-back.md",
    ),
    130: (
        "What was under way was ended and cleaned up. A rollout that was stopped is finished or undone by the next "
        "command about its environment.",
        "explanation/rollouts.md",
    ),
}
"""For each exit code of an error: what to do, and the page of the documentation that has more."""


def by_code() -> dict[int, type[errors.EcluseError]]:
    """The class of errors of each exit code."""
    classes = (getattr(errors, name) for name in errors.__all__ if name != "EcluseError")
    return {found.exit_code: found for found in sorted(classes, key=lambda found: found.exit_code)}


@click.command()
@click.argument("code", type=int, required=False)
def explain(code: int | None) -> None:
    """Say what the exit code CODE means, and what to do. Without CODE, list them all.

    \b
    Examples:
      ./ecluse explain 11
      ./ecluse explain
    """
    known = by_code()
    if code is None:
        click.echo("\n".join(f"{number:>3}  {_meaning(found).partition('. ')[0]}" for number, found in known.items()))
        return
    if code not in known:
        raise click.UsageError(f"no error ends with {code}; there are {', '.join(map(str, known))}")
    advice, page = ADVICE[code]
    paragraphs = (_meaning(known[code]), advice, f"More in Écluse's documentation: {page}")
    click.echo("\n\n".join(textwrap.fill(text, 88, break_on_hyphens=False) for text in paragraphs))


def _meaning(found: type[errors.EcluseError]) -> str:
    return " ".join(inspect.cleandoc(found.__doc__ or "").split())
