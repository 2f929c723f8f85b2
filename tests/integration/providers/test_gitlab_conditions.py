"""GitLab's compilation of conditions, judged by gitlab-ci-local."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.machine import process
from ecluse.providers.conditions import simplify
from ecluse.providers.gitlab.conditions import alternatives
from ecluse.providers.gitlab.config import CONFIG
from ecluse.providers.yaml import dump
from tests.support.providers import gitlab
from tests.support.providers.condition_table import EVENTS, TABLE


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in ("pr-release", "push-v1", "tag-v1.2.3") else pytest.mark.exhaustive)
        for name in EVENTS
    ],
)
def test_gitlab_starts_the_jobs_that_the_table_says(name: str, gitlab_program: str, tmp_path: Path) -> None:
    simple = {key: simplify(condition) for key, (condition, _expected) in TABLE.items()}
    jobs = {
        key: {
            "rules": (
                [{"when": "on_success"}]
                if isinstance(condition, bool)
                else [{"if": text} for text in alternatives(condition)]
            ),
            "script": ["true"],
        }
        for key, condition in simple.items()
    }
    (tmp_path / CONFIG).write_text(dump(jobs, "Conditions."))
    process.run(["git", "init", "--quiet"], cwd=tmp_path)
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    process.run(["git", *identity, "commit", "--quiet", "--allow-empty", "--message", "A change"], cwd=tmp_path)
    started = gitlab.listed(gitlab_program, tmp_path, EVENTS[name])
    assert started == {key for key, (_condition, expected) in TABLE.items() if name in expected}
