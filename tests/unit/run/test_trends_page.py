from __future__ import annotations

import re

from ecluse.run.trends import LegTrend, Ran, SlowTest, Trends
from ecluse.run.trends_page import trends_page

BEGAN = "2026-11-27T10:00:00.000+00:00"


def found(*legs: LegTrend, slowest: tuple[SlowTest, ...] = ()) -> Trends:
    return Trends(runs=3, passed=2, first=BEGAN, last=BEGAN, legs=legs, slowest=slowest)


def test_each_execution_is_a_bar_as_high_as_it_was_long() -> None:
    ran = (Ran("1", BEGAN, "passed", 10.0), Ran("2", BEGAN, "failed", 5.0), Ran("3", BEGAN, "passed", 0.0))
    text = trends_page(found(LegTrend("tests", ran, 1)), "shop")
    assert re.findall(r'class="bar (\w+)".*? height="([\d.]+)"', text) == [
        ("passed", "36.0"),
        ("failed", "18.0"),
        ("passed", "2.0"),
    ]
    assert "2026-11-27 10:00: failed in 5.0 s" in text


def test_newest_bar_stands_on_the_right() -> None:
    ran = tuple(Ran(str(number), BEGAN, "passed", float(number)) for number in range(100))
    text = trends_page(found(LegTrend("tests", ran, 0)), "shop")
    places = [int(x) for x in re.findall(r'<rect [^>]*x="(\d+)"', text)]
    assert len(places) == 60 and places == sorted(places) and places[-1] == 59 * 4


def test_names_are_escaped_on_the_page() -> None:
    hostile = "<script>alert(1)</script>\x1b[31m"
    leg = LegTrend(hostile, (Ran("1", BEGAN, "passed", 1.0),), 0)
    text = trends_page(found(leg, slowest=(SlowTest(hostile, hostile, 1.0),)), "shop")
    assert "<script" not in text and "\x1b" not in text


def test_leg_that_never_ran_has_no_bar() -> None:
    text = trends_page(found(LegTrend("tests", (), 2)), "shop")
    assert "<rect" not in text and "<td>–<td>–<td><td>2" in text


def test_page_of_trends_allows_only_its_own_style() -> None:
    text = trends_page(found(), "shop")
    assert re.search(r"default-src 'none'; style-src 'sha256-[\w+/=]+'\"", text) and "<script" not in text
