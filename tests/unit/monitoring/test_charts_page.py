"""The page of charts."""

import re

import pytest

from ecluse.definition.monitoring import Monitoring
from ecluse.monitoring.charts import Chart, Curve
from ecluse.monitoring.charts_page import charts_page
from ecluse.monitoring.overview import Overview, PastRollout
from ecluse.monitoring.past_hour import Course
from ecluse.monitoring.policies import rules

RULES = rules(Monitoring())


def overview(*charts, rollouts=(), figures=()):
    return Overview("production", 0.0, 3600.0, charts, figures, rollouts)


def page(*charts, **more):
    return charts_page(overview(*charts, **more), RULES, "shop")


def test_line_goes_over_the_width_and_is_cut_at_gaps():
    text = page(Chart("Memory", "%", [Curve("used", [0.0, 50.0, None, 100.0, 100.0])], 100))
    assert re.findall(r'<polyline class="line-0" points="(.*?)"', text) == [
        "0.0,100.00 250.0,50.00",
        "750.0,0.00 1000.0,0.00",
    ]


def test_value_between_gaps_is_seen():
    text = page(Chart("Memory", "%", [Curve("used", [None, 50.0, None])], 100))
    assert 'points="500.0,50.00 500.0,50.00"' in text


@pytest.mark.parametrize(("most", "top"), [(0.0, "1"), (0.03, "0.05"), (7.0, "10"), (130.0, "200"), (200.0, "200")])
def test_scale_ends_at_a_round_number(most, top):
    text = page(Chart("Requests", "/s", [Curve("shop", [0.0, most])]))
    assert f'<div class="y" aria-hidden="true"><span>{top}</span>' in text


def test_rollout_is_a_line_where_it_ended():
    text = page(
        Chart("Memory", "%", [Curve("used", [1.0, 2.0])], 100),
        rollouts=[PastRollout("one", "succeeded", 900.0, 1800.0), PastRollout("two", "undone", -50.0, 360.0)],
    )
    assert re.findall(r'class="rollout (\w+)">.*?x="([\d.]+)" width="([\d.]+)".*?x1="([\d.]+)"', text) == [
        ("succeeded", "250.0", "250.0", "500.0"),
        ("undone", "0.0", "100.0", "100.0"),
    ]
    assert "two: undone after 6 min 50 s" in text


def test_threshold_is_drawn_where_it_is_on_the_scale():
    assert 'class="limit" x1="0" x2="1000" y1="10.0"' in page(Chart("Disk", "%", [Curve("/", [50.0])], 100, "disk"))
    assert 'class="limit"' not in page(Chart("Errors", "%", [Curve("shop", [0.5])], None, "errors"))


def test_chart_without_figures_says_so():
    text = page(Chart("Requests", "/s", []))
    assert "No figures in this time." in text and "None in this time." in text


def test_names_in_charts_are_escaped():
    hostile = "</svg><script>alert(1)</script>"
    text = page(
        Chart("Disk", "%", [Curve(hostile, [1.0, 2.0])], 100),
        rollouts=[PastRollout(hostile, "succeeded", 1.0, 2.0)],
        figures=[Course("disk", hostile, "%", [1.0])],
    )
    assert "<script" not in text and text.count("&lt;script") >= 4


def test_page_of_charts_loads_nothing():
    text = page(Chart("Memory", "%", [Curve("used", [1.0, 2.0])], 100), figures=[Course("memory", "", "%", [1.0])])
    assert not re.search(r"(src|href)=|url\(|@import|style=", text)
