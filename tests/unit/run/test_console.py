from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

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


def terminal(stream: io.StringIO, **options: Any) -> Terminal:
    """A terminal without colours, whatever the variables of the process that runs the tests say."""
    return Terminal(file=stream, **{"force_terminal": True, "color_system": None, "_environ": {}, **options})


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
    console = LiveConsole(terminal(stream, width=width, height=40))
    shown(console, failed(tmp_path))
    text = stream.getvalue()
    assert text.index("✓") < text.index("E501 long") < text.index("alone: ./ecluse run lint")
    assert "\x1b[?25h" in text, "the cursor is back"


def test_job_output_is_not_read_as_terminal_markup(tmp_path: Path) -> None:
    run = ended(THREE, tmp_path / "run", {"lint": "failed"}, logs={"lint": "[bold]x[/nonsense]\n"})
    stream = io.StringIO()
    shown(LiveConsole(terminal(stream, width=100)), run)
    assert "[bold]x[/nonsense]" in stream.getvalue()


def running(run: Run, width: int, height: int = 40, expected: dict[str, float] | None = None) -> LiveConsole:
    """A console on which all legs of *run* run, each with a long line of output."""
    console = LiveConsole(terminal(io.StringIO(), width=width, height=height))
    console.begin(run.plan, expected or {}, 2)
    for leg in run.plan.running:
        console.started(leg)
        console.output(leg, f"{'a long line ' * 40}\n")
    return console


def seen(console: LiveConsole, width: int) -> list[str]:
    """The lines that *console* shows while its legs run."""
    console.abandon()
    shows = terminal(io.StringIO(), force_terminal=False, width=width)
    with shows.capture() as captured:
        shows.print(console._view())
    return captured.get().splitlines()


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_long_line_leaves_every_other_column_its_width(tmp_path: Path, width: int) -> None:
    matrix = {"python": ("3.13",), "django": ("5.2",)}
    run = ended(pipeline(job("lint"), job("tests-of-the-site", matrix=matrix)), tmp_path / "run", {})
    lines = seen(running(run, width), width)
    [row] = [line for line in lines if "tests-of-the-site (3.13, 5.2)" in line]
    assert re.match(r"\S  tests-of-the-site \(3.13, 5.2\) +0 s  a lo", row)
    assert len(row.rstrip()) <= width and row.rstrip().endswith("…")


def test_failed_and_running_legs_stay_in_sight_on_a_low_terminal(tmp_path: Path) -> None:
    run = ended(pipeline(*(job(f"job{number:02}") for number in range(30))), tmp_path / "run", {"job02": "failed"})
    console = running(run, 80, height=10)
    for name in ("job00", "job01", "job02", "job05"):
        console.ended(run.outcomes[name])
    lines = seen(console, 80)
    assert len(lines) == 8
    assert "job02" in lines[0] and "✗" in lines[0]
    assert not [line for line in lines if "job00" in line]
    assert lines[-1].strip() == "4 of 30 ended · 23 not shown"


def test_rest_of_the_run_is_reported_where_its_legs_are_known(tmp_path: Path) -> None:
    run = ended(THREE, tmp_path / "run", {})
    lines = seen(running(run, 80, expected={"lint": 10, "unit": 100, "gate": 5}), 80)
    assert re.fullmatch(r"0 of 3 ended · about 1 min \d\d s left", lines[-1].strip())


@pytest.mark.parametrize(
    "hostile", ["\x1b]0;title that nothing ends", "\x1b[2J\x1b[1A", "\x9d8;;http://x", "\x1b[31mred"]
)
def test_output_of_a_leg_takes_nothing_of_what_follows(tmp_path: Path, hostile: str) -> None:
    logs = {"lint": f"before\n{hostile}\nthe last line\n"}
    run = ended(THREE, tmp_path / "run", {"lint": "failed"}, logs=logs)
    stream = io.StringIO()
    shown(LiveConsole(terminal(stream, width=100, height=40)), run)
    end = stream.getvalue()[stream.getvalue().rindex("before") :]
    for text in (end, plain(run)):
        assert "the last line" in text and "alone: ./ecluse run lint" in text
        assert not re.search(r"\x1b\]|\x1b\[\d*[A-LN-Z]|[\x80-\x9f]", text)
    assert "\x1b[31m" not in end or end.index("\x1b[0m") < end.index("alone:")


def test_colours_of_a_leg_are_left_out_on_demand(tmp_path: Path) -> None:
    run = ended(THREE, tmp_path / "run", {"lint": "failed"}, logs={"lint": "\x1b[31mred\x1b[0m\n"})
    said: list[str] = []
    shown(PlainConsole(said.append, None, colours=False), run)
    assert "\x1b" not in "".join(said)
    stream = io.StringIO()
    shown(LiveConsole(terminal(stream, no_color=True, color_system="standard", width=100, height=40)), run)
    assert "\x1b[31m" not in stream.getvalue()
