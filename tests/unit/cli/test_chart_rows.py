"""The charts of a machine as lines of a terminal."""

import pytest

from ecluse.cli import chart_rows
from ecluse.definition.monitoring import Monitoring, Policy
from ecluse.monitoring.charts import Chart, Curve
from ecluse.monitoring.overview import Overview, PastRollout
from ecluse.monitoring.past_hour import Course
from ecluse.monitoring.policies import rules


def test_rows_have_lines_rollouts_and_thresholds():
    found = Overview(
        "production",
        0.0,
        600.0,
        [Chart("Disk", "%", [Curve("/", [0.0] * 30 + [100.0] * 30)], 100, "disk"), Chart("Requests", "/s", [])],
        [Course("disk", "/", "%", [43.21])],
        [PastRollout("one", "succeeded", 290.0, 300.0), PastRollout("two", "undone", 400.0, 9999.0)],
    )
    lines = [*chart_rows.rows(found, rules(Monitoring(policies=(Policy("disk", above=95),))))]
    assert lines[1].split() == ["Disk", "/", "▁" * 30 + "█" * 30, "100.0", "%"]
    assert lines[2].split() == ["Rollouts", "│", "╳"] and len(lines[2]) == lines[1].index("█") + 30
    assert lines[4].split()[-2:] == ["two", "undone"]
    assert lines[5].split() == ["disk", "/", "43.2", "%", "alert", "above", "95"]


@pytest.mark.parametrize(
    ("values", "most", "bars"),
    [([0.0, 0.0], None, "▁" * 60), ([None, 1.0], None, " " * 30 + "█" * 30), ([50.0], 100, "▅" * 60), ([], None, "")],
)
def test_bars_go_from_nought_to_the_most(values, most, bars):
    assert chart_rows._bars(values, most) == bars
