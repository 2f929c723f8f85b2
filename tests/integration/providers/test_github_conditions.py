"""GitHub's compilation of conditions, judged by act."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.machine import process
from ecluse.providers.conditions import simplify
from ecluse.providers.github.conditions import expression as for_github
from ecluse.providers.yaml import dump
from tests.support.providers.act import Play
from tests.support.providers.condition_table import EVENTS, TABLE


@pytest.mark.parametrize("name", EVENTS)
def test_act_starts_the_jobs_that_the_table_says(name: str, play: Play, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    workflow = repository / ".github/workflows/conditions.yml"
    workflow.parent.mkdir(parents=True)
    simple = {key: simplify(condition) for key, (condition, _expected) in TABLE.items()}
    jobs = {
        key: {
            **({} if isinstance(condition, bool) else {"if": for_github(condition)}),
            "runs-on": "ubuntu-24.04",
            "steps": [{"run": "true"}],
        }
        for key, condition in simple.items()
    }
    document = {"name": "conditions", "on": {"pull_request": {}, "push": {}}, "permissions": {}, "jobs": jobs}
    workflow.write_text(dump(document, "Conditions."))
    process.run(["git", "init", "--quiet"], cwd=repository)
    # A dry run decides every `if:`, and starts nothing.
    played = play(repository, EVENTS[name], "--dryrun")
    assert set(played.results) == {key for key, (_condition, expected) in TABLE.items() if name in expected}
