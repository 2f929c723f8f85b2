"""The files of this repository that are made from its pipeline, and its stack file."""

import re
from pathlib import Path

from ruamel.yaml import YAML

from ecluse.definition.load import load
from ecluse.deploy.targets.swarm import stackfile
from ecluse.render import HEADER, render
from ecluse.render.differences import differences
from ecluse.render.drift import drifts
from ecluse.render.pipeline_graph import svg

TOP = Path(__file__).resolve().parents[2]


def test_rendered_files_are_up_to_date() -> None:
    found = drifts(TOP, render(load(TOP / "pipeline.py")).files, HEADER)
    assert not found, "".join(drift.diff() for drift in found)


def test_picture_of_the_jobs_is_up_to_date() -> None:
    shown = (TOP / "docs/images/jobs.svg").read_text(encoding="utf-8")
    assert shown == svg(load(TOP / "pipeline.py")), "./ecluse graph -o docs/images/jobs.svg draws it again"


def test_every_difference_between_providers_is_documented() -> None:
    page = (TOP / "docs/reference/providers.md").read_text(encoding="utf-8")
    section = page.split("\n## Differences\n")[1].split("\n## ")[0]
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", section, re.MULTILINE))
    assert {id: summary.strip() for id, summary in listed.items()} == {
        id: difference.summary for id, difference in differences().items()
    }


def test_stack_file_has_no_problems() -> None:
    text = (TOP / "docker-compose.live.yml").read_text(encoding="utf-8")
    assert stackfile.problems(YAML(typ="safe", pure=True).load(text)) == []
    # A reader of such files takes a dash in the message of a variable for its default.
    assert [line for line in text.splitlines() if re.search(r"\$\{\w+:\?[^}]*-", line)] == []
