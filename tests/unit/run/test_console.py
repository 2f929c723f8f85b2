from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console as Terminal

from ecluse.providers import PROVIDERS, Provider
from ecluse.run.console import PlainConsole
from ecluse.run.live import LiveConsole
from ecluse.run.outcome import Run
from tests.support.doubles.runs import ended, shown
from tests.support.providers.pipelines import job, pipeline

ONE = pipeline(job("lint"))
THREE = pipeline(job("lint"), job("unit"), job("gate", needs=("lint", "unit")))


def plain(run: Run, provider: Provider | None = None) -> str:
    said: list[str] = []
    shown(PlainConsole(said.append, provider), run)
    return "".join(said)


def failed(tmp_path: Path) -> Run:
    return ended(
        THREE,
        tmp_path / "run",
        {"lint": "failed", "gate": "skipped"},
        logs={"lint": "E501 long\n", "unit": "3 passed\n"},
        reasons={"lint": "tox -e lint ended with 1", "gate": "needs lint, which failed"},
    )


def test_failed_output_comes_last_with_the_command_to_repeat_it(tmp_path: Path) -> None:
    text = plain(failed(tmp_path))
    assert text.index("3 passed") < text.index("E501 long") < text.index("alone: ./ecluse run lint")
    assert text.count("E501 long") == 1
    assert text.rstrip().endswith(
        "1 passed, 1 failed, 1 not run in 4.0 s · report: .ecluse/runs/20261121-041500-abcd/report.html"
    )


def test_the_output_of_a_single_leg_is_shown_as_it_comes(tmp_path: Path) -> None:
    run = ended(ONE, tmp_path / "run", {})
    said: list[str] = []
    console = PlainConsole(said.append, None)
    console.begin(run.plan)
    console.started(run.plan.running[0])
    console.output(run.plan.running[0], "half a li")
    assert "".join(said).endswith("half a li")


def test_github_log_folds_each_leg_and_stops_its_commands(tmp_path: Path) -> None:
    lines = plain(failed(tmp_path), PROVIDERS["github"]).splitlines()
    at = lines.index("::group::lint")
    token = lines[at + 1].removeprefix("::stop-commands::")
    assert len(token) == 32
    assert lines[at + 2 : at + 5] == ["E501 long", f"::{token}::", "::endgroup::"]
    other = lines[lines.index("::group::unit") + 1]
    assert other != lines[at + 1], "a token that was printed once could be printed again by a program"


def test_travis_folds_each_leg_by_a_name_without_spaces(tmp_path: Path) -> None:
    run = ended(pipeline(job("tests", matrix={"python": ("3.13",)})), tmp_path / "run", {})
    text = plain(run, PROVIDERS["travis"])
    assert "travis_fold:start:tests-3-13\r" in text
    assert "travis_fold:end:tests-3-13\r" in text


def test_open_log_fold_is_closed_when_the_run_breaks_off(tmp_path: Path) -> None:
    run = ended(ONE, tmp_path / "run", {})
    said: list[str] = []
    console = PlainConsole(said.append, PROVIDERS["github"])
    console.begin(run.plan)
    console.output(run.plan.running[0], "x\n")
    console.abandon()
    assert said[-1].endswith("::endgroup::\n")


def test_long_failure_is_cut_on_a_laptop_but_not_in_ci(tmp_path: Path) -> None:
    log = "".join(f"line {number}\n" for number in range(1000))
    run = ended(THREE, tmp_path / "run", {"lint": "failed"}, logs={"lint": log})
    assert "line 5\n" not in plain(run)
    assert "line 999\n" in plain(run)
    assert "line 5\n" in plain(run, PROVIDERS["github"])


@pytest.mark.parametrize("width", [40, 200])
def test_a_terminal_shows_a_row_for_each_leg_then_the_failure(tmp_path: Path, width: int) -> None:
    stream = io.StringIO()
    console = LiveConsole(Terminal(file=stream, force_terminal=True, width=width, height=40))
    shown(console, failed(tmp_path))
    text = stream.getvalue()
    assert text.index("✓") < text.index("E501 long") < text.index("alone: ./ecluse run lint")
    assert "\x1b[?25h" in text, "the cursor is back"


def test_job_output_is_not_read_as_terminal_markup(tmp_path: Path) -> None:
    run = ended(THREE, tmp_path / "run", {"lint": "failed"}, logs={"lint": "[bold]x[/nonsense]\n"})
    stream = io.StringIO()
    shown(LiveConsole(Terminal(file=stream, force_terminal=True, width=100)), run)
    assert "[bold]x[/nonsense]" in stream.getvalue()
