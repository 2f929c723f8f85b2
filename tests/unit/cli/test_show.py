from __future__ import annotations

import click
import pytest

from ecluse.cli.show import plan_text
from ecluse.definition.model import Event
from ecluse.definition.plan import plan
from ecluse.definition.words import push
from tests.support.providers.pipelines import job, pipeline

DESCRIPTION = "the tests of the whole site with every service that it needs, on each version of Django and Python"
PLAN = plan(
    pipeline(job("lint"), job("tests", description=DESCRIPTION), job("later", when=push("staging"))),
    Event(kind="pull_request", branch="staging"),
)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_plan_wraps_at_words_and_keeps_its_columns(columns: int) -> None:
    lines = click.unstyle(plan_text(PLAN, columns)).splitlines()
    assert max(map(len, lines)) <= columns
    at = next(number for number, line in enumerate(lines) if "tests" in line)
    assert lines[at + 1].startswith(" " * 11) and lines[at + 1].strip()
    assert DESCRIPTION in " ".join(" ".join(lines).split())


def test_plan_for_a_program_has_a_line_for_each_leg() -> None:
    assert any(line.endswith(DESCRIPTION) for line in plan_text(PLAN).splitlines())


def test_plan_gives_no_sign_of_a_leg_that_passed() -> None:
    text = click.unstyle(plan_text(PLAN))
    assert "→ " in text and "✓" not in text
