"""The parts of a page that is one file."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from ecluse.pages.page_parts import duration, filled, tile


def test_page_allows_its_own_style_and_no_script() -> None:
    values = dict.fromkeys(("environment", "pipeline", "begin", "end", "zone", "charts", "rollouts", "figures"), "")
    page = filled("ecluse.monitoring", "charts.html", ["charts.css"], tab="production", **values)
    [style] = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"content=\"default-src 'none'; style-src 'sha256-{digest}'\"" in page
    assert "--paper" in style and "--line-0" in style and "<script" not in page


def test_tile_is_a_figure_with_its_word() -> None:
    assert tile("passed", "3", "jobs") == '<li class="tile passed"><b>3</b> <span>jobs</span></li>'


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (0.04, "0.0 s"), (2, "2.0 s"), (12, "12 s"), (60, "1 min"), (125, "2 min 5 s")]
)
def test_duration_is_written_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said
