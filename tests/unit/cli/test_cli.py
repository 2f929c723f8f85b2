"""All commands: how they are found, how they end, and what is printed when they fail."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from ecluse.cli import COMMANDS, cli
from ecluse.cli import repository as module
from ecluse.errors import JobFailed, RolloutError
from ecluse.secrets import Secret


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """A function that makes ``ecluse lock`` do something else."""

    def make(instead: Callable[[], Any]) -> None:
        monkeypatch.setattr(module, "lock", click.Command("lock", callback=instead))

    return make


def test_every_listed_command_exists_and_has_help() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)  # type: ignore[attr-defined]
        assert command is not None and command.help, name
    assert cli.get_command(context, "no-such-command") is None  # type: ignore[attr-defined]


def test_help_lists_the_commands_for_readers(ecluse: Callable[..., Any]) -> None:
    done = ecluse("--help")
    assert done.code == 0
    at = [done.out.index(f"\n  {name} ") for name in COMMANDS]
    assert at == sorted(at), "in the order of the definition"


def test_misspelt_command_gets_a_suggestion(ecluse: Callable[..., Any]) -> None:
    done = ecluse("rnu")
    assert done.code == 2
    assert "Did you mean run?" in done.err
    assert "Did you mean" not in ecluse("something-else").err


def raising(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def raising_always(error: BaseException) -> Callable[..., None]:
    return lambda *_arguments, **_options: raising(error)()


def test_expected_error_shows_place_and_hint_and_its_exit_code(
    ecluse: Callable[..., Any], failing: Callable[..., None]
) -> None:
    failing(raising(RolloutError("it did not get ready", where="local", hint="see the logs")))
    done = ecluse("lock")
    assert (done.code, done.out) == (6, "")
    assert done.err == "error: local: it did not get ready\nhint:  see the logs\nmore:  ./ecluse explain 6\n"


def test_failed_job_points_to_no_explanation(ecluse: Callable[..., Any], failing: Callable[..., None]) -> None:
    failing(raising(JobFailed("1 of 2 jobs failed: lint")))
    assert ecluse("lock").err == "error: 1 of 2 jobs failed: lint\n"


def test_exit_code_stays_where_no_message_can_be_written(
    ecluse: Callable[..., Any], failing: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(click, "echo", raising_always(OSError(errno.ENOSPC, "No space left on device")))
    failing(raising(RolloutError("it did not get ready")))
    assert ecluse("lock").code == 6


def test_a_secret_in_an_error_is_masked(ecluse: Callable[..., Any], failing: Callable[..., None]) -> None:
    token = Secret("t0ken-of-production").reveal()
    failing(raising(RolloutError(f"refused with {token}", hint=f"was {token} right?")))
    assert ecluse("lock").err == (
        "error: refused with [REDACTED]\nhint:  was [REDACTED] right?\nmore:  ./ecluse explain 6\n"
    )


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_ends_with_130(
    ecluse: Callable[..., Any], failing: Callable[..., None], error: BaseException
) -> None:
    failing(raising(error))
    done = ecluse("lock")
    # click ends the line that has the terminal's own ^C.
    assert (done.code, done.err.lstrip()) == (130, "Interrupted.\n")


def test_sigterm_is_an_interruption(ecluse: Callable[..., Any], failing: Callable[..., None]) -> None:
    failing(lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert ecluse("lock").code == 130


def test_unexpected_error_asks_for_a_bug_report(ecluse: Callable[..., Any], failing: Callable[..., None]) -> None:
    failing(raising(ZeroDivisionError("division by zero")))
    done = ecluse("lock")
    assert done.code == 70
    assert "Traceback" in done.err and "ZeroDivisionError: division by zero" in done.err
    assert "This is a bug in Écluse. Please report it with the lines above." in done.err


def test_exit_code_of_a_command_is_passed_on(ecluse: Callable[..., Any], failing: Callable[..., None]) -> None:
    failing(lambda: 7)
    assert ecluse("lock").code == 7
    failing(lambda: click.get_current_context().exit(3))
    assert ecluse("lock").code == 3


THREE = """
from ecluse import *
pipeline = Pipeline(
    name="shop",
    jobs=(Job(name="lint", steps=(command("true"),)),),
    environments=tuple(
        Environment(name=name, target="server", settings="s", url=f"http://{name}.example")
        for name in ("local", "staging", "production")
    ),
)
"""


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (("run", "--nope"), "error: No such option '--nope'", "hint:  ecluse run --help"),
        (
            ("deploy",),
            "error: which environment? pipeline.py has local, staging, production",
            "hint:  ecluse deploy --help",
        ),
        (("image", "nope"), "error: No such command 'nope'", "hint:  ecluse image --help"),
    ],
)
def test_misuse_is_told_as_every_other_error(
    ecluse: Callable[..., Any],
    arguments: tuple[str, ...],
    error: str,
    hint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "pipeline.py").write_text(THREE)
    monkeypatch.chdir(tmp_path)
    done = ecluse(*arguments)
    assert done.code == 2
    first, second = done.err.splitlines()
    assert first.startswith(error) and second.startswith(hint)
