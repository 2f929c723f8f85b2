"""The pictures of README that show a run, made from one: ``python -m testbed.pictures .ecluse/runs/ID``.

It wants a run of ``ship``. The terminal is drawn by the tool's own code, from the run's record; the report is the run's
page in a browser. Pictures of the site are left by tests/e2e, in the folder ``SCREENSHOTS``.
"""

from __future__ import annotations

import io
import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console as Terminal
from rich.terminal_theme import MONOKAI
from rich.text import Text

from ecluse.definition.load import load
from ecluse.definition.model import Event
from ecluse.definition.plan import plan
from ecluse.machine import process
from ecluse.run.live import LiveConsole
from ecluse.run.outcome import Outcome, Run
from testbed.containers import TOP

IMAGES = TOP / "docs" / "images"
COLUMNS = 84


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--chromium", default="chromium", show_default=True, help="The browser that takes pictures.")
def main(folder: Path, chromium: str) -> None:
    """Draw docs/images/terminal.svg and docs/images/report.png from the run in FOLDER."""
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (IMAGES / "terminal.svg").write_text(terminal(record), encoding="utf-8")
    page, picture = (folder / "report.html").resolve().as_uri(), IMAGES / "report.png"
    process.run(
        (
            chromium,
            "--headless",
            "--no-sandbox",
            "--hide-scrollbars",
            "--window-size=1280,900",
            f"--screenshot={picture}",
            page,
        )
    )


def terminal(record: dict[str, Any]) -> str:
    """The end of ``./ecluse ship`` on a terminal, as SVG."""
    legs = {leg["name"]: leg for leg in record["legs"]}
    planned = plan(load(TOP / "pipeline.py"), Event(kind="ship"))
    missing = [leg.name for leg in planned.running if leg.name not in legs]
    if missing:
        sys.exit(f"the run has no {', '.join(missing)}: it is of another pipeline.py")
    screen = Terminal(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    screen.print(Text("$ ./ecluse ship", style="bold"))
    console = LiveConsole(screen)
    console.begin(planned)
    outcomes = [_outcome(leg, legs[leg.name]) for leg in planned.legs if leg.name in legs]
    for outcome in outcomes:
        console.ended(outcome)
    console.finish(
        Run(
            id=record["id"],
            folder=Path(".ecluse", "runs", record["id"]),
            plan=planned,
            began=datetime.fromisoformat(record["began"]),
            seconds=record["seconds"],
            outcomes={outcome.leg.name: outcome for outcome in outcomes},
        )
    )
    screen.print("\nlocal serves at [bold]http://127.0.0.1:8000[/]", highlight=False)
    drawn = screen.export_svg(title="./ecluse ship", theme=MONOKAI)
    # No font of another host: the reader's own.
    drawn = re.sub(r"@font-face \{.*?\}\n", "", drawn, flags=re.DOTALL)
    drawn = drawn.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")
    drawn = re.sub(r"<!--.*?-->", "", drawn, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def _outcome(leg: Any, found: dict[str, Any]) -> Outcome:
    return Outcome(
        leg=leg,
        status=found["status"],
        seconds=found["seconds"],
        attempts=found["attempts"],
        reason=found["reason"],
    )


if __name__ == "__main__":
    main()
