from __future__ import annotations

import re

import pytest

from ecluse.errors import RenderError
from ecluse.providers.github.actions import ACTIONS, Action, uses


def test_an_action_without_a_pin_is_refused() -> None:
    with pytest.raises(RenderError, match="the action actions/labeler has no pin") as error:
        uses("actions/labeler")
    assert "40 digits" in str(error.value.hint)


@pytest.mark.parametrize("commit", ["v4", "main", "11bd719", "A" * 40])
def test_a_pin_that_is_no_commit_is_refused(commit: str) -> None:
    with pytest.raises(RenderError, match="which is no commit"):
        uses("a/b", {"a/b": Action("v1", commit)})


def test_the_table_pins_every_action_by_commit_and_version() -> None:
    for name, action in ACTIONS.items():
        assert re.fullmatch(r"actions/[a-z-]+", name)
        assert re.fullmatch(r"[0-9a-f]{40}", action.commit)
        assert re.fullmatch(r"v\d+\.\d+\.\d+", action.version)
